#include "tokens.hpp"

#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

namespace tapedeck {

Tokenizer::Tokenizer() = default;
Tokenizer::~Tokenizer() = default;

bool Tokenizer::scan(const char *text, size_t count, const uint32_t *&starts, size_t &tokens) {
    using namespace simdjson;
    if (count > capacity_) {
        size_t wanted = 4096;
        while (wanted < count) wanted *= 2;
        if (stage1_) {
            if (stage1_->set_capacity(wanted) != SUCCESS) return false;
        } else if (get_active_implementation()->create_dom_parser_implementation(wanted, 1, stage1_) != SUCCESS) {
            return false;
        }
        capacity_ = wanted;
    }
    if (count == 0 || stage1_->stage1((const uint8_t *)text, count, stage1_mode::regular) != SUCCESS) return false;
    starts = stage1_->structural_indexes.get();
    tokens = stage1_->n_structural_indexes;
    return tokens > 0;
}

}  // namespace tapedeck
