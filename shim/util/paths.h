// Where everything lives, fixed when the program is built (GNUInstallDirs); no environment variable can redirect it.
// The values are in one source file (paths.cc.in): another prefix is a matter of seconds, so that the installation
// under test and the package share every other object.
#pragma once

namespace hardened::paths {

extern const char policy_file[];
extern const char site_profiles[];
extern const char state[];
extern const char audit_log[];
extern const char installs[];
extern const char programs[];
extern const char training[];
extern const char recorder[];
extern const char attester[];
extern const char program[];

}  // namespace hardened::paths
