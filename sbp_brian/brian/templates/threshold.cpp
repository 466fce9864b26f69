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
#ifdef __AVX2__
#include <immintrin.h>
#endif
namespace {
#ifdef __AVX2__
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

inline unsigned sbp_eight(const int8_t *holds)
{
    return _mm_movemask_epi8(_mm_loadl_epi64((const __m128i *)holds)) & 255;
}
inline unsigned sbp_eight(const int32_t *holds)
{
    return _mm256_movemask_ps(_mm256_loadu_ps((const float *)holds));
}
inline unsigned sbp_sixteen(const int8_t *holds)
{
    const __m128i all = _mm_loadu_si128((const __m128i *)holds);
    #if defined(__AVX512BW__) && defined(__AVX512VL__)
    return _mm_movepi8_mask(all);
    #else
    return _mm_movemask_epi8(all);
    #endif
}
inline unsigned sbp_sixteen(const int32_t *holds)  // a processor hands on in halves what it has just written at once
{
    return sbp_eight(holds) | sbp_eight(holds + 8) << 8;
}
inline void sbp_write(const unsigned which, const int32_t first, int32_t *held)
{
    const __m256i places = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)sbp_places.of[which]));
    _mm256_storeu_si256((__m256i *)held, _mm256_add_epi32(_mm256_set1_epi32(first), places));
}
#endif

// The cells that hold among n, the first of which is number `first`. Gives how many there are.
template <typename T>
inline int32_t sbp_held(const T *holds, const int32_t n, const int32_t first, int32_t *held)
{
    int32_t found = 0, k = 0;
    #ifdef __AVX2__
    #ifdef __AVX512F__
    __m512i cells = _mm512_add_epi32(
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), _mm512_set1_epi32(first));
    #endif
    for(; k + 16 <= n; k += 16)
    {
        const unsigned which = sbp_sixteen(holds + k);
        #ifdef __AVX512F__
        _mm512_storeu_si512(held + found, _mm512_maskz_compress_epi32(which, cells));
        found += __builtin_popcount(which);
        cells = _mm512_add_epi32(cells, _mm512_set1_epi32(16));
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
