#include "state/grant.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "oci/schema.h"
#include "oci/spec.h"
#include "oci/strict_json.h"
#include "policy/words.h"
#include "util/text.h"

namespace hardened::state {
namespace {

using oci::Field;
using oci::Type;

constexpr std::int64_t format = 1;

constexpr Field waiver_fields[] = {{"control", Type::string}, {"allow", Type::strings}, {"reason", Type::string}};
constexpr oci::Shape waiver_shape{waiver_fields};
constexpr Field audit_fields[] = {{"refuse_when_unwritable", Type::boolean}, {"syslog", Type::boolean}};
constexpr oci::Shape audit_shape{audit_fields};
constexpr Field ids_fields[] = {{"uid", Type::integer}, {"gid", Type::integer}, {"size", Type::integer}};
constexpr oci::Shape ids_shape{ids_fields};
constexpr Field memory_fields[] = {{"limit", Type::integer}, {"swap", Type::integer}};
constexpr oci::Shape memory_shape{memory_fields};
constexpr Field pids_fields[] = {{"limit", Type::integer}};
constexpr oci::Shape pids_shape{pids_fields};
constexpr Field cpu_fields[] = {{"quota", Type::integer}, {"period", Type::integer}};
constexpr oci::Shape cpu_shape{cpu_fields};
constexpr Field raised_fields[] = {
    {"memory", Type::object, &memory_shape}, {"pids", Type::object, &pids_shape}, {"cpu", Type::object, &cpu_shape}};
constexpr oci::Shape raised_shape{raised_fields};
constexpr std::string_view raised_field = "raised";  // not there where there is nothing to say
constexpr Field grant_fields[] = {{"version", Type::integer},
                                  {"runtime_root", Type::string},
                                  {"id", Type::string},
                                  {"runtime", Type::string},
                                  {"profile", Type::any},
                                  {"levels", Type::map},
                                  {"waivers", Type::objects, &waiver_shape},
                                  {"mode", Type::string},
                                  {"audit", Type::object, &audit_shape},
                                  {"policy_digest", Type::string},
                                  {"process", Type::any},
                                  {"resources", Type::any},
                                  {raised_field, Type::object, &raised_shape},
                                  {"ids", Type::object, &ids_shape},
                                  {"engine", Type::string},
                                  {"image", Type::string},
                                  {"building", Type::boolean},
                                  {"approved", Type::boolean}};
constexpr oci::Shape grant_shape{grant_fields};

template <typename T, std::size_t count>
Result<T> value_of(const policy::Choice<T> (&words)[count], const std::string& text, const std::string& name) {
  const auto found =
      std::find_if(std::begin(words), std::end(words), [&text](const auto& word) { return word.name == text; });
  if (found == std::end(words)) return fail(Code::io, "cannot read " + name + ": unknown word " + in_quotes(text));
  return found->value;
}

Status decode_rules(const Spec& document, Grant& grant, const std::string& name) {
  for (const auto& [control, level] : document.elements("/levels").items()) {
    TRY(value, value_of(policy::level_words, level.get<std::string>(), name));
    grant.levels.emplace(control, value);
  }
  for (const Json& element : document.elements("/waivers")) {
    const Spec view(element);
    grant.waivers.push_back(
        {view.text("/control").value_or(""), view.strings("/allow"), view.text("/reason").value_or("")});
  }
  TRY(mode, value_of(policy::mode_words, document.text("/mode").value_or(""), name));
  grant.mode = mode;
  grant.audit = {document.is_true("/audit/refuse_when_unwritable"), document.is_true("/audit/syslog")};
  return {};
}

Status require_members(const Json& document, const std::string& name) {
  for (const Field& field : grant_fields) {
    if (field.name != raised_field && !document.contains(std::string(field.name)))
      return fail(Code::io, "cannot read " + name + ": \"" + std::string(field.name) + "\" is missing");
  }
  return {};
}

}  // namespace

std::string encode(const Grant& grant) {
  Json levels = Json::object();
  for (const auto& [control, level] : grant.levels) levels[control] = policy::word_of(policy::level_words, level);
  Json waivers = Json::array();
  for (const policy::Waiver& waiver : grant.waivers)
    waivers.push_back(Json{{"control", waiver.control}, {"allow", waiver.allow}, {"reason", waiver.reason}});
  const Json audit = {{"refuse_when_unwritable", grant.audit.refuse_when_unwritable}, {"syslog", grant.audit.syslog}};
  Json document = {{"version", format},
                   {"runtime_root", grant.runtime_root},
                   {"id", grant.id},
                   {"runtime", grant.runtime},
                   {"profile", grant.profile},
                   {"levels", std::move(levels)},
                   {"waivers", std::move(waivers)},
                   {"mode", policy::word_of(policy::mode_words, grant.mode)},
                   {"audit", audit},
                   {"policy_digest", grant.policy_digest},
                   {"process", grant.process},
                   {"resources", grant.resources},
                   {"ids", {{"uid", grant.ids.uid}, {"gid", grant.ids.gid}, {"size", grant.ids.size}}},
                   {"engine", grant.engine},
                   {"image", grant.image},
                   {"building", grant.building},
                   {"approved", grant.approved}};
  if (!grant.raised.is_null()) document[std::string(raised_field)] = grant.raised;
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Grant> decode(const std::string& text, const std::string& name) {
  TRY(parsed, oci::parse_strict(text, name));
  TRY(unknown, oci::check_shape(parsed.value, grant_shape, name));
  if (!unknown.empty()) return fail(Code::io, "cannot read " + name + ": unknown member " + unknown.front());
  TRY_DO(require_members(parsed.value, name));
  const Spec document(std::move(parsed.value));
  if (document.integer("/version") != format) return fail(Code::io, "cannot read " + name + ": of another version");
  const auto text_at = [&document](std::string_view pointer) { return document.text(pointer).value_or(""); };
  Grant grant;
  grant.runtime_root = text_at("/runtime_root");
  grant.id = text_at("/id");
  grant.runtime = text_at("/runtime");
  grant.profile = document.value("/profile").value_or(Json());
  grant.policy_digest = text_at("/policy_digest");
  grant.process = document.value("/process").value_or(Json());
  grant.resources = document.value("/resources").value_or(Json());
  grant.raised = document.value("/raised").value_or(Json());
  const auto id_at = [&document](std::string_view pointer) {
    return static_cast<std::uint32_t>(document.integer(pointer).value_or(0));
  };
  grant.ids = {id_at("/ids/uid"), id_at("/ids/gid"), id_at("/ids/size")};
  grant.engine = text_at("/engine");
  grant.image = text_at("/image");
  grant.building = document.is_true("/building");
  grant.approved = document.is_true("/approved");
  TRY_DO(decode_rules(document, grant, name));
  return grant;
}

}  // namespace hardened::state
