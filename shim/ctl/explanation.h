// What a judgement did to a container, control by control; pure.
#pragma once

#include <string>
#include <vector>

#include "oci/json.h"

namespace hardened::ctl {

// `record` (an audit record, with or without time and chain) as a document to print: the container, what became of it,
// the controls that found something, each with why, references and findings, in the table's order; and the ids of those
// that found nothing.
[[nodiscard]] Json explanation(const Json& record);

// The same for people, a line each; findings of one control with one reason stand together.
[[nodiscard]] std::vector<std::string> told(const Json& explanation);

// What stood and what stands at each place that a record says was changed; long values are not in a record.
[[nodiscard]] std::vector<std::string> changes(const Json& explanation);

// `spec` with "NAME=…" for every variable of an environment: they carry secrets.
[[nodiscard]] Json without_secrets(Json spec);

}  // namespace hardened::ctl
