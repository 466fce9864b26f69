{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{# Collects the cells whose condition holds without a branch, which would be guessed wrongly at each spike. Conditions
   come first, which the compiler turns into vector instructions; then eight of them are one number, by which a table
   tells where among the eight those are that hold. Eight cells are written at a time, of which those count that hold. #}
{% block extra_headers %}
#ifndef SBP_PLACES
#define SBP_PLACES
namespace {
typedef int32_t sbp_eight_cells __attribute__((vector_size(32)));
struct SBPPlaces
{
    int32_t of[256][8];
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
}
#endif
{% endblock %}
{% block maincode %}
    {% set events = get_array_name(eventspace_variable) %}
    #if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    #error "the search for spikes of C++ programs reads bytes from the lowest to the highest; use another target here"
    #endif
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    int32_t _found = 0;
    for(size_t _first = 0; _first < N; _first += 512)
    {
        char _holds[512];
        const size_t _end = _first + 512 < N ? _first + 512 : N;
        for(size_t _idx = _first; _idx < _end; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _holds[_idx - _first] = _cond != 0;
        }
        size_t _cell = _first;
        for(; _cell + 8 <= _end; _cell += 8)
        {
            uint64_t _bytes;
            memcpy(&_bytes, _holds + (_cell - _first), 8);
            const unsigned _held = (_bytes*0x0102040810204080ULL) >> 56;  // byte k, which is 0 or 1, becomes bit k
            sbp_eight_cells _cells;
            memcpy(&_cells, sbp_places.of[_held], 32);
            _cells += (int32_t)_cell;
            memcpy({{events}} + _found, &_cells, 32);
            _found += __builtin_popcount(_held);
        }
        for(; _cell < _end; _cell++)
        {
            {{events}}[_found] = _cell;
            _found += _holds[_cell - _first];
        }
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
