#include "oci/schema.h"

#include <fmt/format.h>

#include "oci/strict_json.h"

namespace hardened::oci {
namespace {

// runtime-spec v1.3.0 specs-go/config.go; "any" marks parts of other platforms, which a Linux container must not have.
constexpr Field box_fields[] = {{"height", Type::integer}, {"width", Type::integer}};
constexpr Shape box{box_fields};
constexpr Field user_fields[] = {{"uid", Type::integer},
                                 {"gid", Type::integer},
                                 {"umask", Type::integer},
                                 {"additionalGids", Type::integers},
                                 {"username", Type::string}};
constexpr Shape user{user_fields};
constexpr Field capabilities_fields[] = {{"bounding", Type::strings},
                                         {"effective", Type::strings},
                                         {"inheritable", Type::strings},
                                         {"permitted", Type::strings},
                                         {"ambient", Type::strings}};
constexpr Shape capabilities{capabilities_fields};
constexpr Field rlimit_fields[] = {{"type", Type::string}, {"hard", Type::integer}, {"soft", Type::integer}};
constexpr Shape rlimit{rlimit_fields};
constexpr Field scheduler_fields[] = {{"policy", Type::string}, {"nice", Type::integer},    {"priority", Type::integer},
                                      {"flags", Type::strings}, {"runtime", Type::integer}, {"deadline", Type::integer},
                                      {"period", Type::integer}};
constexpr Shape scheduler{scheduler_fields};
constexpr Field io_priority_fields[] = {{"class", Type::string}, {"priority", Type::integer}};
constexpr Shape io_priority{io_priority_fields};
constexpr Field affinity_fields[] = {{"initial", Type::string}, {"final", Type::string}};
constexpr Shape affinity{affinity_fields};
constexpr Field process_fields[] = {{"terminal", Type::boolean},
                                    {"consoleSize", Type::object, &box},
                                    {"user", Type::object, &user},
                                    {"args", Type::strings},
                                    {"commandLine", Type::string},
                                    {"env", Type::strings},
                                    {"cwd", Type::string},
                                    {"capabilities", Type::object, &capabilities},
                                    {"rlimits", Type::objects, &rlimit},
                                    {"noNewPrivileges", Type::boolean},
                                    {"apparmorProfile", Type::string},
                                    {"oomScoreAdj", Type::integer},
                                    {"scheduler", Type::object, &scheduler},
                                    {"selinuxLabel", Type::string},
                                    {"ioPriority", Type::object, &io_priority},
                                    {"execCPUAffinity", Type::object, &affinity}};
constexpr Field root_fields[] = {{"path", Type::string}, {"readonly", Type::boolean}};
constexpr Shape root{root_fields};
constexpr Field id_mapping_fields[] = {
    {"containerID", Type::integer}, {"hostID", Type::integer}, {"size", Type::integer}};
constexpr Shape id_mapping{id_mapping_fields};
constexpr Field mount_fields[] = {{"destination", Type::string},
                                  {"type", Type::string},
                                  {"source", Type::string},
                                  {"options", Type::strings},
                                  {"uidMappings", Type::objects, &id_mapping},
                                  {"gidMappings", Type::objects, &id_mapping}};
constexpr Shape mount{mount_fields};
constexpr Field hook_fields[] = {
    {"path", Type::string}, {"args", Type::strings}, {"env", Type::strings}, {"timeout", Type::integer}};
constexpr Shape hook{hook_fields};
constexpr Field hooks_fields[] = {{"prestart", Type::objects, &hook},        {"createRuntime", Type::objects, &hook},
                                  {"createContainer", Type::objects, &hook}, {"startContainer", Type::objects, &hook},
                                  {"poststart", Type::objects, &hook},       {"poststop", Type::objects, &hook}};
constexpr Shape hooks{hooks_fields};

constexpr Field namespace_fields[] = {{"type", Type::string}, {"path", Type::string}};
constexpr Shape namespace_shape{namespace_fields};
constexpr Field device_fields[] = {{"path", Type::string},   {"type", Type::string},      {"major", Type::integer},
                                   {"minor", Type::integer}, {"fileMode", Type::integer}, {"uid", Type::integer},
                                   {"gid", Type::integer}};
constexpr Shape device{device_fields};
constexpr Field net_device_fields[] = {{"name", Type::string}};
constexpr Shape net_device{net_device_fields};
constexpr Field device_rule_fields[] = {{"allow", Type::boolean},
                                        {"type", Type::string},
                                        {"major", Type::integer},
                                        {"minor", Type::integer},
                                        {"access", Type::string}};
constexpr Shape device_rule{device_rule_fields};
constexpr Field memory_fields[] = {{"limit", Type::integer},
                                   {"reservation", Type::integer},
                                   {"swap", Type::integer},
                                   {"kernel", Type::integer},
                                   {"kernelTCP", Type::integer},
                                   {"swappiness", Type::integer},
                                   {"disableOOMKiller", Type::boolean},
                                   {"useHierarchy", Type::boolean},
                                   {"checkBeforeUpdate", Type::boolean}};
constexpr Shape memory{memory_fields};
constexpr Field cpu_fields[] = {{"shares", Type::integer},
                                {"quota", Type::integer},
                                {"burst", Type::integer},
                                {"period", Type::integer},
                                {"realtimeRuntime", Type::integer},
                                {"realtimePeriod", Type::integer},
                                {"cpus", Type::string},
                                {"mems", Type::string},
                                {"idle", Type::integer}};
constexpr Shape cpu{cpu_fields};
constexpr Field pids_fields[] = {{"limit", Type::integer}};
constexpr Shape pids{pids_fields};
constexpr Field weight_device_fields[] = {
    {"major", Type::integer}, {"minor", Type::integer}, {"weight", Type::integer}, {"leafWeight", Type::integer}};
constexpr Shape weight_device{weight_device_fields};
constexpr Field throttle_fields[] = {{"major", Type::integer}, {"minor", Type::integer}, {"rate", Type::integer}};
constexpr Shape throttle{throttle_fields};
constexpr Field block_io_fields[] = {{"weight", Type::integer},
                                     {"leafWeight", Type::integer},
                                     {"weightDevice", Type::objects, &weight_device},
                                     {"throttleReadBpsDevice", Type::objects, &throttle},
                                     {"throttleWriteBpsDevice", Type::objects, &throttle},
                                     {"throttleReadIOPSDevice", Type::objects, &throttle},
                                     {"throttleWriteIOPSDevice", Type::objects, &throttle}};
constexpr Shape block_io{block_io_fields};
constexpr Field hugepage_fields[] = {{"pageSize", Type::string}, {"limit", Type::integer}};
constexpr Shape hugepage{hugepage_fields};
constexpr Field priority_fields[] = {{"name", Type::string}, {"priority", Type::integer}};
constexpr Shape priority{priority_fields};
constexpr Field network_fields[] = {{"classID", Type::integer}, {"priorities", Type::objects, &priority}};
constexpr Shape network{network_fields};
constexpr Field rdma_fields[] = {{"hcaHandles", Type::integer}, {"hcaObjects", Type::integer}};
constexpr Shape rdma{rdma_fields};
constexpr Field resources_fields[] = {{"devices", Type::objects, &device_rule},
                                      {"memory", Type::object, &memory},
                                      {"cpu", Type::object, &cpu},
                                      {"pids", Type::object, &pids},
                                      {"blockIO", Type::object, &block_io},
                                      {"hugepageLimits", Type::objects, &hugepage},
                                      {"network", Type::object, &network},
                                      {"rdma", Type::maps, &rdma},
                                      {"unified", Type::map}};
constexpr Field seccomp_arg_fields[] = {
    {"index", Type::integer}, {"value", Type::integer}, {"valueTwo", Type::integer}, {"op", Type::string}};
constexpr Shape seccomp_arg{seccomp_arg_fields};
constexpr Field syscall_fields[] = {{"names", Type::strings},
                                    {"action", Type::string},
                                    {"errnoRet", Type::integer},
                                    {"args", Type::objects, &seccomp_arg}};
constexpr Shape syscall{syscall_fields};
constexpr Field seccomp_fields[] = {{"defaultAction", Type::string},      {"defaultErrnoRet", Type::integer},
                                    {"architectures", Type::strings},     {"flags", Type::strings},
                                    {"listenerPath", Type::string},       {"listenerMetadata", Type::string},
                                    {"syscalls", Type::objects, &syscall}};
constexpr Shape seccomp{seccomp_fields};
constexpr Field rdt_fields[] = {
    {"closID", Type::string},      {"schemata", Type::strings},         {"l3CacheSchema", Type::string},
    {"memBwSchema", Type::string}, {"enableMonitoring", Type::boolean}, {"enableCMT", Type::boolean},
    {"enableMBM", Type::boolean}};
constexpr Shape rdt{rdt_fields};
constexpr Field memory_policy_fields[] = {{"mode", Type::string}, {"nodes", Type::string}, {"flags", Type::strings}};
constexpr Shape memory_policy{memory_policy_fields};
constexpr Field personality_fields[] = {{"domain", Type::string}, {"flags", Type::strings}};
constexpr Shape personality{personality_fields};
constexpr Field time_offset_fields[] = {{"secs", Type::integer}, {"nanosecs", Type::integer}};
constexpr Shape time_offset{time_offset_fields};
constexpr Field linux_fields[] = {{"uidMappings", Type::objects, &id_mapping},
                                  {"gidMappings", Type::objects, &id_mapping},
                                  {"sysctl", Type::map},
                                  {"resources", Type::object, &resources_shape},
                                  {"cgroupsPath", Type::string},
                                  {"namespaces", Type::objects, &namespace_shape},
                                  {"devices", Type::objects, &device},
                                  {"netDevices", Type::maps, &net_device},
                                  {"seccomp", Type::object, &seccomp},
                                  {"rootfsPropagation", Type::string},
                                  {"maskedPaths", Type::strings},
                                  {"readonlyPaths", Type::strings},
                                  {"mountLabel", Type::string},
                                  {"intelRdt", Type::object, &rdt},
                                  {"memoryPolicy", Type::object, &memory_policy},
                                  {"personality", Type::object, &personality},
                                  {"timeOffsets", Type::maps, &time_offset}};
constexpr Shape linux_shape{linux_fields};
constexpr Field spec_fields[] = {{"ociVersion", Type::string},         {"process", Type::object, &process_shape},
                                 {"root", Type::object, &root},        {"hostname", Type::string},
                                 {"domainname", Type::string},         {"mounts", Type::objects, &mount},
                                 {"hooks", Type::object, &hooks},      {"annotations", Type::map},
                                 {"linux", Type::object, &linux_shape}};

bool has_type(const Json& value, Type type) {
  const auto all = [&value](auto predicate) { return std::all_of(value.begin(), value.end(), predicate); };
  switch (type) {
    case Type::boolean:
      return value.is_boolean();
    case Type::integer:
      return value.is_number_integer();
    case Type::string:
      return value.is_string();
    case Type::strings:
      return value.is_array() && all([](const Json& e) { return e.is_string(); });
    case Type::integers:
      return value.is_array() && all([](const Json& e) { return e.is_number_integer(); });
    case Type::objects:
      return value.is_array() && all([](const Json& e) { return e.is_object(); });
    case Type::map:
      return value.is_object() && all([](const Json& e) { return e.is_string(); });
    case Type::maps:
      return value.is_object() && all([](const Json& e) { return e.is_object(); });
    case Type::object:
      return value.is_object();
    case Type::any:
      return true;
  }
  return false;
}

constexpr std::string_view type_names[] = {"a boolean",         "an integer",           "a string",
                                           "a list of strings", "a list of integers",   "an object",
                                           "a list of objects", "an object of strings", "an object of objects",
                                           "anything"};

class Checker {
 public:
  explicit Checker(const std::string& name) : name_(name) {}
  std::vector<std::string> unknown;

  Status check(const Json& object, const Shape& shape, const std::string& pointer) {
    for (const auto& [key, value] : object.items()) {
      const std::string here = pointer + "/" + escaped_token(key);
      const Field* field = find(shape, key);
      if (field == nullptr) {
        TRY_DO(refuse_case_variant(shape, key, here));
        unknown.push_back(here);
      } else if (!value.is_null()) {
        TRY_DO(check_value(value, *field, here));
      }
    }
    return {};
  }

 private:
  static const Field* find(const Shape& shape, std::string_view key) {
    for (const Field& field : shape.fields) {
      if (field.name == key) return &field;
    }
    return nullptr;
  }

  Status refuse_case_variant(const Shape& shape, const std::string& key, const std::string& here) {
    const std::string fold = folded(key);
    for (const Field& field : shape.fields) {
      if (folded(field.name) == fold)
        return fail(Code::syntax,
                    fmt::format("cannot read {}: {} differs from \"{}\" only by case", name_, here, field.name));
    }
    return {};
  }

  Status check_value(const Json& value, const Field& field, const std::string& here) {
    if (!has_type(value, field.type))
      return fail(Code::syntax, fmt::format("cannot read {}: {} must be {}", name_, here,
                                            type_names[static_cast<std::size_t>(field.type)]));
    if (field.type == Type::object) return check(value, *field.shape, here);
    if (field.type == Type::objects || field.type == Type::maps) {
      for (const auto& [key, element] : value.items())
        TRY_DO(check(element, *field.shape, here + "/" + escaped_token(key)));
    }
    return {};
  }

  const std::string& name_;
};

}  // namespace

const Shape spec_shape{spec_fields};
const Shape process_shape{process_fields};
const Shape resources_shape{resources_fields};

Result<std::vector<std::string>> check_shape(const Json& document, const Shape& shape, const std::string& name) {
  if (!document.is_object()) return fail(Code::syntax, "cannot read " + name + ": not a JSON object");
  Checker checker(name);
  TRY_DO(checker.check(document, shape, ""));
  return std::move(checker.unknown);
}

}  // namespace hardened::oci
