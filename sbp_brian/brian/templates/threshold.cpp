{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{# Collects the cells whose condition holds without a branch, which would be guessed wrongly at each spike. Conditions
   come first, which the compiler turns into vector instructions: -1 where one holds, else 0, in a byte each, of few cells
   in a number of the size that such instructions take. Then those of eight or sixteen cells are one number, by which the
   ones that hold are moved together, or a table tells where they are. More cells are written at a time than hold; the
   next ones are written over them. #}
{% block extra_headers %}
#ifndef SBP_HELD
#define SBP_HELD
#include <type_traits>
// What <immintrin.h> has is asked of the compiler itself: reading that file takes as long as compiling the rest.
#if defined(__AVX2__) && defined(__GNUC__) && !defined(__clang__)
#define SBP_VECTORS
#endif
namespace {
#ifdef SBP_VECTORS
typedef char sbp_16_bytes __attribute__((vector_size(16)));
typedef int64_t sbp_2_numbers __attribute__((vector_size(16)));
typedef float sbp_8_floats __attribute__((vector_size(32)));
typedef int32_t sbp_8_cells __attribute__((vector_size(32)));
typedef int32_t sbp_16_cells __attribute__((vector_size(64)));

struct SBPPlaces
{
    uint8_t of[256][8];
    SBPPlaces()
    {
        for(int held = 0; held < 256; held++)
        {
            int found = 0;
            for(int place = 0; place < 8; place++)
                if(held >> place & 1)
                    of[held][found++] = place;
            while(found < 8)
                of[held][found++] = 0;
        }
    }
};
const SBPPlaces sbp_places;

inline sbp_16_bytes sbp_8_bytes(const void *bytes)
{
    int64_t number;
    memcpy(&number, bytes, 8);
    const sbp_2_numbers both = {number, 0};
    return (sbp_16_bytes)both;
}
inline unsigned sbp_eight(const int8_t *holds)
{
    return __builtin_ia32_pmovmskb128(sbp_8_bytes(holds));
}
inline unsigned sbp_eight(const int32_t *holds)
{
    sbp_8_floats numbers;
    memcpy(&numbers, holds, 32);
    return __builtin_ia32_movmskps256(numbers);
}
inline unsigned sbp_sixteen(const int8_t *holds)
{
    sbp_16_bytes bytes;
    memcpy(&bytes, holds, 16);
    #if defined(__AVX512BW__) && defined(__AVX512VL__)
    return __builtin_ia32_cvtb2mask128(bytes);
    #else
    return __builtin_ia32_pmovmskb128(bytes);
    #endif
}
inline unsigned sbp_sixteen(const int32_t *holds)  // a processor hands on in halves what it has just written at once
{
    return sbp_eight(holds) | sbp_eight(holds + 8) << 8;
}
inline void sbp_write(const unsigned which, const int32_t first, int32_t *held)
{
    const sbp_8_cells cells = (sbp_8_cells)__builtin_ia32_pmovzxbd256(sbp_8_bytes(sbp_places.of[which])) + first;
    memcpy(held, &cells, 32);
}
#endif

// The cells that hold among n, the first of which is number `first`. Gives how many there are.
template <typename T>
inline int32_t sbp_held(const T *holds, const int32_t n, const int32_t first, int32_t *held)
{
    int32_t found = 0, k = 0;
    #ifdef SBP_VECTORS
    #ifdef __AVX512F__
    sbp_16_cells cells = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    cells += first;
    #endif
    for(; k + 16 <= n; k += 16)
    {
        const unsigned which = sbp_sixteen(holds + k);
        #ifdef __AVX512F__
        const sbp_16_cells those = (sbp_16_cells)__builtin_ia32_compresssi512_mask(cells, sbp_16_cells{0}, which);
        memcpy(held + found, &those, 64);
        found += __builtin_popcount(which);
        cells += 16;
        #else
        sbp_write(which & 255, first + k, held + found);
        found += __builtin_popcount(which & 255);
        sbp_write(which >> 8, first + k + 8, held + found);
        found += __builtin_popcount(which >> 8);
        #endif
    }
    for(; k + 8 <= n; k += 8)
    {
        const unsigned which = sbp_eight(holds + k);
        sbp_write(which, first + k, held + found);
        found += __builtin_popcount(which);
    }
    #endif
    for(; k < n; k++)
    {
        held[found] = first + k;
        found -= holds[k];
    }
    return found;
}
}
#endif
{% endblock %}
{% block maincode %}
    {% set events = get_array_name(eventspace_variable) %}
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    int32_t _found = 0;
    for(size_t _first = 0; _first < N; _first += 512)
    {
        std::conditional<(N < 64), int32_t, int8_t>::type _holds[512];
        const size_t _end = _first + 512 < N ? _first + 512 : N;
        for(size_t _idx = _first; _idx < _end; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _holds[_idx - _first] = _cond ? -1 : 0;
        }
        _found += sbp_held(_holds, _end - _first, _first, {{events}} + _found);
    }
    {{events}}[N] = _found;
    {% if _uses_refractory %}
    for(int32_t _event = 0; _event < _found; _event++)
    {
        {{not_refractory}}[{{events}}[_event]] = false;
        {{lastspike}}[{{events}}[_event]] = {{t}};
    }
    {% endif %}
{% endblock %}

{% block after_code %}
{% set events = get_array_name(eventspace_variable) %}
{{events}}[N] = 0;  // the last of N + 1 numbers is how many there are
{% endblock %}
