#include "fixed_form.hpp"

namespace tapedeck {

bool read_unusual_decimal(const char *&at, char mark, double &value) {
    const char *end = at;
    while ((*end >= '0' && *end <= '9') || *end == '.' || *end == '-' || *end == '+' || *end == 'e' || *end == 'E') end++;
    if (*end != mark || !read_decimal_slowly(std::string_view(at, (size_t)(end - at)), value)) return false;
    at = end + 1;
    return true;
}

}  // namespace tapedeck
