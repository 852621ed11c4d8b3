#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

Lines judged(std::vector<std::string> images, const std::string& image, const std::string& digest = "",
             host::Operation operation = host::Operation::create) {
  Policy policy;
  policy.images = std::move(images);
  Facts facts;
  facts.operation = operation;
  facts.workload.image = image;
  facts.workload.image_digest = digest;
  return try_control(approved_images, R"({"root":{"path":"rootfs"}})", policy, facts).lines;
}

}  // namespace

TEST_CASE("approved-images: a policy that lists none approves all") {
  CHECK(judged({}, "evil").empty());
  CHECK(judged({}, "").empty());
}

TEST_CASE("approved-images: by name, by tag and by digest") {
  CHECK(judged({"nginx:*"}, "nginx:1.25").empty());
  CHECK(judged({"nginx"}, "docker.io/library/nginx:1.25").empty());
  CHECK(judged({"redis", "registry.example/*"}, "registry.example/team/app:2").empty());
  CHECK(judged({"nginx:1.25@sha256:aa"}, "nginx:1.25", "sha256:aa").empty());
  CHECK(judged({"nginx@sha256:aa"}, "nginx:1.25", "sha256:aa").empty());
  CHECK(judged({"nginx@sha256:aa"}, "nginx@sha256:aa", "sha256:bb")
            .empty());  // the user pinned it: the engine checked it
  CHECK(judged({"*@sha256:aa"}, "anything", "sha256:aa").empty());
}

TEST_CASE("approved-images: everything else is refused by the image's name") {
  CHECK(judged({"nginx:*"}, "evil/nginx:1.25") == Lines{"refuse evil/nginx:1.25"});
  CHECK(judged({"nginx:*"}, "nginx:5000/evil:1.25") == Lines{"refuse nginx:5000/evil:1.25"});
  CHECK(judged({"nginx:1.25"}, "nginx") == Lines{"refuse nginx"});
  CHECK(judged({"nginx:1.25@sha256:aa"}, "nginx:1.25", "sha256:bb") == Lines{"refuse nginx:1.25"});
  CHECK(judged({"nginx:1.25@sha256:aa"}, "nginx:1.25") == Lines{"refuse nginx:1.25"});
  CHECK(judged({"*@sha256:cc"}, "nginx@sha256:aa", "sha256:bb") == Lines{"refuse nginx@sha256:aa"});
}

TEST_CASE("approved-images: an engine that names no image is refused, also where everything named is approved") {
  CHECK(judged({"*"}, "") == Lines{"refuse "});
  CHECK(judged({"*"}, "", "sha256:aa") == Lines{"refuse "});
}

TEST_CASE("approved-images: a running container stays usable") {
  CHECK(judged({"nginx"}, "evil", "", host::Operation::exec).empty());
  CHECK(judged({"nginx"}, "", "", host::Operation::update).empty());
}
