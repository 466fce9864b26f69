{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{# Collects the cells whose condition holds without a branch, which would be guessed wrongly at each spike. Conditions
   come first, which the compiler turns into vector instructions: -1 where one holds, else 0, in a byte each, of few cells
   in a number of the size that such instructions take. Then those of eight or sixteen cells are one number, by which the
   ones that hold are moved together, or a table tells where they are. More cells are written at a time than hold; the
   next ones are written over them. Where the compiler keeps conditions in registers (`in_registers`), they are not
   written at all: those of sixteen cells, or of eight, are a number at once, and where a processor can move bytes
   together, the cells of 64 are written at once. #}
{% block extra_headers %}
#ifndef SBP_HELD
#define SBP_HELD
#include <type_traits>
// What <immintrin.h> has is asked of the compiler itself: reading that file takes as long as compiling the rest.
#if defined(__AVX2__) && defined(__GNUC__) && !defined(__clang__)
#define SBP_VECTORS
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__)
#define SBP_LANES 16
#if defined(__AVX512VBMI2__)
#define SBP_CELLS 64
#else
#define SBP_CELLS 16
#endif
#else
#define SBP_LANES 8
#define SBP_CELLS 8
#endif
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
template <typename T>  // one number, or as many as cells
inline void sbp_write(const unsigned which, const T first, int32_t *held)
{
    const sbp_8_cells cells = (sbp_8_cells)__builtin_ia32_pmovzxbd256(sbp_8_bytes(sbp_places.of[which])) + first;
    memcpy(held, &cells, 32);
}
#ifdef __AVX512F__
inline void sbp_write_sixteen(const unsigned which, const sbp_16_cells cells, int32_t *held)
{
    const sbp_16_cells those = (sbp_16_cells)__builtin_ia32_compresssi512_mask(cells, sbp_16_cells{0}, which);
    memcpy(held, &those, 64);
}
#endif
inline uint64_t sbp_bits(const int32_t (&holds)[8])
{
    return sbp_eight(holds);
}
#if SBP_LANES == 16
inline uint64_t sbp_bits(const int32_t (&holds)[16])
{
    sbp_16_cells numbers;
    memcpy(&numbers, holds, 64);
    return (uint16_t)__builtin_ia32_cvtd2mask512(numbers);
}
#endif
// Write the cells of these bits, whose numbers begin at `first`. Gives how many there are.
#if SBP_CELLS == 64
typedef sbp_16_cells sbp_numbers;
typedef char sbp_64_bytes __attribute__((vector_size(64)));
inline int64_t sbp_write_many(const uint64_t which, const sbp_numbers first, int32_t *held)
{
    const sbp_64_bytes places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
                                 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const sbp_64_bytes those = __builtin_ia32_compressqi512_mask(places, sbp_64_bytes{0}, which);
    sbp_16_bytes parts[4];
    memcpy(parts, &those, 64);
    const int64_t found = __builtin_popcountll(which);
    int32_t part = 0;
    do
    {
        const sbp_16_cells cells
            = (sbp_16_cells)__builtin_ia32_pmovzxbd512_mask(parts[part], sbp_16_cells{0}, 0xffff) + first;
        memcpy(held + 16 * part, &cells, 64);
    }
    while(16 * ++part < found);
    return found;
}
#elif SBP_CELLS == 16
typedef sbp_16_cells sbp_numbers;
inline int64_t sbp_write_many(const uint64_t which, const sbp_numbers first, int32_t *held)
{
    const sbp_16_cells cells = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    sbp_write_sixteen(which, cells + first, held);
    return __builtin_popcountll(which);
}
#else
typedef sbp_8_cells sbp_numbers;
inline int64_t sbp_write_many(const uint64_t which, const sbp_numbers first, int32_t *held)
{
    sbp_write(which, first, held);
    return __builtin_popcountll(which);
}
#endif
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
        sbp_write_sixteen(which, cells, held + found);
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
    {# Conditions of some cells, as many as a vector instruction has. #}
    {% macro conditions(lanes, first) %}
    int32_t _holds[{{lanes}}];
    #pragma GCC unroll 1
    for(int32_t _lane = 0; _lane < {{lanes}}; _lane++)
    {
        const size_t _idx = {{first}} + _lane, _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        _holds[_lane] = _cond ? -1 : 0;
    }
    {% endmacro %}
    {# Conditions of many cells, a byte each, and a search through these. #}
    {% macro by_bytes() %}
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
        _found += sbp_held(_holds, _end - _first, _first, {{get_array_name(eventspace_variable)}} + _found);
    }
    {% endmacro %}
    {% set events = get_array_name(eventspace_variable) %}
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    int64_t _found = 0;
    {% if in_registers(vector_code) %}
    #ifdef SBP_VECTORS
    const int32_t _in_lanes = N - N % SBP_LANES;
    sbp_numbers _numbers = {0};
    for(int32_t _first = 0; _first < _in_lanes; _first += SBP_CELLS)
    {
        const int32_t _end = _first + SBP_CELLS < _in_lanes ? SBP_CELLS : _in_lanes - _first;
        uint64_t _which = 0;
        for(int32_t _part = 0; _part < _end; _part += SBP_LANES)
        {
            {{conditions('SBP_LANES', '_first + _part')}}
            _which |= sbp_bits(_holds) << _part;
        }
        _found += sbp_write_many(_which, _numbers, {{events}} + _found);
        _numbers += SBP_CELLS;
    }
    int32_t _left = _in_lanes;
    #if SBP_LANES > 8
    if (_left + 8 <= N)
    {
        {{conditions('8', '_left')}}
        const uint64_t _which = sbp_bits(_holds);
        sbp_write(_which, _left, {{events}} + _found);
        _found += __builtin_popcountll(_which);
        _left += 8;
    }
    #endif
    for(; _left < N; _left++)
    {
        const size_t _idx = _left, _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        {{events}}[_found] = _left;
        _found += _cond ? 1 : 0;
    }
    #else
    {{by_bytes()}}
    #endif
    {% else %}
    {{by_bytes()}}
    {% endif %}
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
