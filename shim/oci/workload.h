// Who asks for the container: what the engine says about it outside of what the runtime enforces. Used to choose a
// profile and to tell an engine's default from a user's wish; never a source of rights by itself.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hardened {

enum class Engine { docker, podman, cri_o, containerd, buildkit, unknown };

[[nodiscard]] constexpr std::string_view engine_name(Engine engine) {
  switch (engine) {
    case Engine::docker:
      return "docker";
    case Engine::podman:
      return "podman";
    case Engine::cri_o:
      return "cri-o";
    case Engine::containerd:
      return "containerd";
    case Engine::buildkit:
      return "buildkit";
    case Engine::unknown:
      break;
  }
  return "unknown";
}

// The engine called `name` by engine_name(); unknown for any other.
[[nodiscard]] constexpr Engine engine_named(std::string_view name) {
  for (const Engine engine : {Engine::docker, Engine::podman, Engine::cri_o, Engine::containerd, Engine::buildkit}) {
    if (engine_name(engine) == name) return engine;
  }
  return Engine::unknown;
}

struct Workload {
  Engine engine = Engine::unknown;
  std::string id;                             // the container id on the command line
  std::string image;                          // as the user typed it: "nginx:1.25"; empty when the engine does not say
  std::string image_digest;                   // "sha256:…"; empty when unknown
  std::map<std::string, std::string> labels;  // may come from the image's author
  std::map<std::string, std::string> annotations;  // from whoever may call the engine
  std::string stop_signal;                         // that asks it to end: "SIGQUIT"; empty: the engine's default
  bool building = false;                           // a step of an image's build, by all that the engine says
};

}  // namespace hardened
