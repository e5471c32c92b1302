// Codes of currencies.
#pragma once
#include <stdint.h>

#include <string_view>

namespace tapedeck {

/// The active codes of ISO 4217, funds, metals and test codes left out, as of 2025.
constexpr std::string_view currency_codes =
    "AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCLPCNYCOPCRCCUPCVECZKDJFDKKDOPDZD"
    "EGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDRILSINRIQDIRRISKJMDJODJPYKESKGSKHRKMFKPWKRWKWDKYDKZTLAKLBP"
    "LKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQARRONRSDRUBRWFSAR"
    "SBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUYUUZSVESVNDVUVWSTXAFXCDXCGXOFXPFYER"
    "ZARZMWZWG";

/// Which of all texts of three capital letters are codes.
struct CurrencySet {
    uint64_t bits[(26 * 26 * 26 + 63) / 64] = {};

    constexpr CurrencySet() {
        for (size_t i = 0; i < currency_codes.size(); i += 3) {
            const unsigned place = number(currency_codes.data() + i);
            bits[place / 64] |= 1ull << place % 64;
        }
    }

    static constexpr unsigned number(const char *code) {
        return (unsigned)((code[0] - 'A') * 26 * 26 + (code[1] - 'A') * 26 + (code[2] - 'A'));
    }

    /// True where the three bytes are a code.
    bool holds(const char *code) const {
        for (int i = 0; i < 3; i++)
            if (code[i] < 'A' || code[i] > 'Z') return false;
        const unsigned place = number(code);
        return (bits[place / 64] >> place % 64 & 1) != 0;
    }
};
static_assert(currency_codes.size() % 3 == 0);
inline constexpr CurrencySet currencies;

}  // namespace tapedeck
