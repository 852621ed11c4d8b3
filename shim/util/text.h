// Small pure helpers on text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hardened {

// Shell-style match of the whole of `text`: `*` any run of characters ('/' included), `?` one character; no classes,
// no escapes. Runs in O(pattern × text) whatever the input.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

// The candidate within edit distance 3 (and at most half of the word) nearest to `word`, for "did you mean …?".
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

// " (did you mean "X"?)" or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

// `text` in double quotes, safe in a log line and on a terminal: quotes and backslashes escaped, control characters (C1
// too) and bytes that are not UTF-8 written as \xNN; cut after about 200 bytes, never inside a character.
[[nodiscard]] std::string in_quotes(std::string_view text);

[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

// "64MiB", "1GiB", "512KiB", "4096" → bytes; binary units only, nothing on anything else or on overflow.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
// The shortest exact form parse_size() reads back.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

// An absolute path without empty, "." and ".." components ("/a//b/./c/../d" → "/a/b/d"), as runc cleans destinations.
[[nodiscard]] std::string clean_path(std::string_view path);
// Is `path` the directory `parent` or below it? Both clean.
[[nodiscard]] bool is_within(std::string_view path, std::string_view parent);

}  // namespace hardened
