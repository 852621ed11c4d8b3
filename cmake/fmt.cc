// {fmt} as a static library: Debian ships only the shared one, whose loading costs a program's start 1 ms; with all of
// it in every file that formats, a build takes twice as long. What the headers of versions 9 and 10 say is defined
// elsewhere is defined here.
#include <fmt/format-inl.h>

using namespace fmt::detail;  // the arguments' names, as in the headers

template void fmt::detail::vformat_to<char>(buffer<char>&, fmt::string_view, fmt::format_args, locale_ref);
template thousands_sep_result<char> fmt::detail::thousands_sep_impl<char>(locale_ref);
template char fmt::detail::decimal_point_impl<char>(locale_ref);
template dragonbox::decimal_fp<float> dragonbox::to_decimal<float>(float) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal<double>(double) noexcept;
