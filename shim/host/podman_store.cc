#include "host/podman_store.h"

#include <fcntl.h>

#include <cerrno>

#include "host/graph_root.h"
#include "oci/spec.h"
#include "oci/strict_json.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr std::size_t largest_store = std::size_t{16} << 20;  // bytes; some 600 a container

// Those of `podman run --rm` have a list of their own since containers/storage 1.46.
constexpr const char* lists[] = {"containers.json", "volatile-containers.json"};

// "DATA/overlay/LAYER/merged": where the container lies.
struct Place {
  std::string store;  // "DATA/overlay-containers"
  std::string layer;
};

std::optional<Place> place_of(const std::string& root) {
  const std::string data = data_directory(root);
  if (data.empty()) return std::nullopt;
  const std::vector<std::string> parts = split(root.substr(data.size() + 1), '/');
  if (parts.size() != 3) return std::nullopt;
  return Place{data + "/" + parts[0] + "-containers", parts[1]};
}

std::optional<StoredImage> image_in(const Json& containers, const std::string& id, const std::string& layer) {
  if (!containers.is_array()) return std::nullopt;
  for (const Json& container : containers) {
    if (oci::text(container, "/id") != id || oci::text(container, "/layer") != layer) continue;
    const auto metadata = oci::parse_strict(oci::text(container, "/metadata").value_or(""), "metadata");
    if (!metadata) return std::nullopt;
    const std::string image = oci::text(container, "/image").value_or("");
    return StoredImage{oci::text(metadata->value, "/image-name").value_or(""), image.empty() ? "" : "sha256:" + image};
  }
  return std::nullopt;
}

}  // namespace

std::optional<StoredImage> stored_image(const std::string& id, const std::string& root, Inspector& inspector) {
  const auto place = place_of(root);
  if (!place || !inspector.root_controlled_directory(place->store)) return std::nullopt;
  const auto directory = open_at(AT_FDCWD, place->store, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    inspector.doubt(in_quotes(place->store), errno);
    return std::nullopt;
  }
  for (const char* list : lists) {
    const auto text = read_trusted_file(directory->get(), list, largest_store);
    if (!text && text.error().code == Code::io) inspector.doubt(in_quotes(place->store + "/" + list), errno);
    const auto containers = text ? oci::parse_strict(*text, list) : fail(Code::io, "");
    if (!containers) continue;
    if (auto image = image_in(containers->value, id, place->layer)) return image;
  }
  return std::nullopt;
}

}  // namespace hardened::host
