#include "ctl/docker_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "oci/strict_json.h"
#include "util/paths.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr char runtimes_key[] = "runtimes";
constexpr char default_key[] = "default-runtime";

Status check_shape(const Json& config, const std::string& name) {
  if (!config.is_object()) return fail(Code::syntax, fmt::format("cannot use {}: not a JSON object", name));
  for (const auto& [key, value] : config.items()) {
    for (const char* known : {runtimes_key, default_key}) {
      if (key != known && oci::folded(key) == known)
        return fail(Code::syntax,
                    fmt::format("cannot use {}: dockerd reads {} as {}", name, in_quotes(key), in_quotes(known)),
                    fmt::format("write it as {}", in_quotes(known)));
    }
  }
  if (config.contains(runtimes_key) && !config[runtimes_key].is_object())
    return fail(Code::syntax, fmt::format("cannot use {}: \"runtimes\" is not an object", name));
  if (config.contains(default_key) && !config[default_key].is_string())
    return fail(Code::syntax, fmt::format("cannot use {}: \"default-runtime\" is not a text", name));
  return {};
}

// dockerd takes an empty file for a missing one.
Result<Json> parse(const std::string& text, const std::string& name) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return Json::object();
  TRY(document, oci::parse_strict(text, name));
  TRY_DO(check_shape(document.value, name));
  return std::move(document.value);
}

// Laid out as `model` is.
std::string laid_out(const Json& config, const std::string& model) {
  const std::size_t line = model.find('\n');
  const std::size_t begin = line == std::string::npos ? line : model.find_first_not_of("\r\n", line);
  const std::size_t end = begin == std::string::npos ? begin : model.find_first_not_of(" \t", begin);
  int indent = 2;
  char filler = ' ';
  if (end != std::string::npos && end > begin) {
    indent = static_cast<int>(end - begin);
    filler = model[begin];
  }
  std::string text = config.dump(indent, filler);
  if (model.empty() || model.back() == '\n') text += '\n';
  return text;
}

Status register_one(Json& registered, const DockerRuntime& runtime, const std::string& name) {
  const auto found = registered.find(runtime.name);
  if (found == registered.end()) {
    registered[runtime.name] = {{"path", runtime.path}};
    return {};
  }
  if (found->is_object() && found->value("path", Json()) == runtime.path) return {};
  return fail(Code::policy,
              fmt::format("cannot register {}: {} has another runtime of that name", in_quotes(runtime.name), name),
              "take it out or rename it, then install again");
}

}  // namespace

Result<std::string> with_runtimes(const std::optional<std::string>& text, const std::string& name,
                                  const std::vector<DockerRuntime>& runtimes, bool as_default) {
  const std::string before = text.value_or("");
  TRY(config, parse(before, name));
  const Json old = config;
  if (!config.contains(runtimes_key)) config[runtimes_key] = Json::object();
  for (const DockerRuntime& runtime : runtimes) TRY_DO(register_one(config[runtimes_key], runtime, name));
  if (as_default) config[default_key] = runtimes.front().name;
  return config == old ? before : laid_out(config, before);
}

Result<std::string> without_runtimes(const std::string& text, const std::string& name,
                                     const std::vector<DockerRuntime>& runtimes,
                                     const std::optional<std::string>& old_default) {
  TRY(config, parse(text, name));
  const Json old = config;
  const auto ours = [&](const Json& value) {
    return std::any_of(runtimes.begin(), runtimes.end(),
                       [&](const DockerRuntime& runtime) { return value == runtime.name; });
  };
  if (config.contains(runtimes_key)) {
    Json& registered = config[runtimes_key];
    for (const DockerRuntime& runtime : runtimes) {
      const auto found = registered.find(runtime.name);
      if (found != registered.end() && found->is_object() && found->value("path", Json()) == runtime.path)
        registered.erase(runtime.name);
    }
    if (registered.empty() && !old[runtimes_key].empty()) config.erase(runtimes_key);
  }
  if (config.contains(default_key) && ours(config[default_key])) {
    if (old_default) {
      config[default_key] = *old_default;
    } else {
      config.erase(default_key);
    }
  }
  return config == old ? text : laid_out(config, text);
}

Result<std::optional<std::string>> default_runtime(const std::optional<std::string>& text, const std::string& name) {
  TRY(config, parse(text.value_or(""), name));
  return config.contains(default_key) ? std::optional(config[default_key].get<std::string>()) : std::nullopt;
}

Result<std::vector<std::string>> registered_runtimes(const std::optional<std::string>& text, const std::string& name) {
  TRY(config, parse(text.value_or(""), name));
  std::vector<std::string> names;
  const Json registered = config.value(runtimes_key, Json::object());
  for (const auto& [runtime, value] : registered.items()) {
    const Json path = value.is_object() ? value.value("path", Json()) : Json();
    for (const char* program : {"hardened-runtime", "hardened-compat"}) {
      if (path == fmt::format("{}/{}", paths::programs, program)) names.push_back(runtime);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hardened::ctl
