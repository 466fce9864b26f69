{% extends 'common_group.cpp' %}
{# Events are those of `n_source` cells, the other side has `n_target`. `together` events are taken together where their
   order matters only at each one of the other cells: what these have is then read and written once for all of them.
   Where the code does nothing unless a variable says so, and it says so for few, these are listed before a run, and
   only they are visited. Where it says so for many, whole rows are visited, and what it says of 32 synapses stands in
   one number (`by_bits`): a vector instruction takes their bits apart sooner than it reads and widens 32 bytes. #}
{% block extra_headers %}
{% if deciding_variable is not none %}
#include <algorithm>
#include <vector>
std::vector<int32_t> _visited_{{codeobj_name}};  // first and last of each run of other cells, event cell by event cell
std::vector<size_t> _first_{{codeobj_name}};  // where each event cell's begin; empty: all are visited
{% if by_bits %}
bool _everyone_{{codeobj_name}};  // it says so for all
{% endif %}
{% if by_bits %}
std::vector<uint32_t> _words_{{codeobj_name}};  // a bit for each other cell of a row; the last 32 end with the row,
    // and those of them that another word has, too, are 0 there
{% endif %}
{% endif %}
{% endblock %}

{% block before_code %}
{% if deciding_variable is not none %}
    {% set decides = get_array_name(deciding_variable) %}
    extern std::vector<int32_t> _visited_{{codeobj_name}};
    extern std::vector<size_t> _first_{{codeobj_name}};
    std::vector<int32_t> &_runs = _visited_{{codeobj_name}};
    std::vector<size_t> &_firsts = _first_{{codeobj_name}};
    _runs.clear();
    _firsts.clear();
    size_t _few = 0;
    for(int32_t _event_cell = 0; _event_cell < {{n_source}}; _event_cell++)
    {
        _firsts.push_back(_runs.size());
        for(int32_t _other = 0; _other < {{n_target}}; _other++)
        {
            {% if over == 'row' %}
            const size_t _idx = (size_t)_event_cell * {{n_target}} + _other;
            {% else %}
            const size_t _idx = (size_t)_other * {{n_source}} + _event_cell;
            {% endif %}
            if(!{{decides}}[_idx])
                continue;
            _few++;
            if(_runs.size() > _firsts.back() && _runs.back() == _other - 1)
                _runs.back() = _other;
            else
                _runs.insert(_runs.end(), {_other, _other});
        }
    }
    _firsts.push_back(_runs.size());
    // what is visited costs by itself, and as much as {{start_of_run}} more where a run of them begins
    if(_few + {{start_of_run}} * (_runs.size() / 2) > (size_t){{n_source}} * {{n_target}})
        _firsts.clear();
    {% if by_bits %}
    extern bool _everyone_{{codeobj_name}};
    _everyone_{{codeobj_name}} = _few == (size_t){{n_source}} * {{n_target}};
    extern std::vector<uint32_t> _words_{{codeobj_name}};
    const size_t _of_row = ({{n_target}} + 31)/32;
    _words_{{codeobj_name}}.assign(_firsts.empty() ? {{n_source}}*_of_row : 0, 0);
    for(size_t _row = 0; _firsts.empty() && _row < {{n_source}}; _row++)
        for(size_t _other = 0; _other < {{n_target}}; _other++)
            _words_{{codeobj_name}}[_row*_of_row + _other/32] |=
                (uint32_t)({{decides}}[_row*{{n_target}} + _other] != 0)
                << (_other - std::min(_other/32*32, (size_t){{n_target - 32}}));
    {% endif %}
{% endif %}
{% endblock %}

{% block maincode %}
    {% macro numbers() %}
                {% if over == 'row' %}
                const int32_t _presynaptic_idx = _event_cell;
                const int32_t _postsynaptic_idx = _other;
                const size_t _idx = (size_t)_event_cell * {{n_target}} + _other;
                {% else %}
                const int32_t _presynaptic_idx = _other;
                const int32_t _postsynaptic_idx = _event_cell;
                const size_t _idx = (size_t)_other * {{n_source}} + _event_cell;
                {% endif %}
                const size_t _vectorisation_idx = _idx;
    {% endmacro %}
    {% macro by_bit() %}
    {{vector_code|join('\n')|replace(get_array_name(deciding_variable) ~ '[_idx]', '((_word & ((uint32_t)1 << _bit)) != 0)')}}
    {% endmacro %}
    {% macro for_everyone() %}
    {{vector_code|join('\n')|replace(get_array_name(deciding_variable) ~ '[_idx]', '1')}}
    {% endmacro %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t *_event_cells = {{_eventspace}};
    const int32_t _n_events = {{_eventspace}}[_num{{eventspace_variable.name}} - 1];
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    int32_t _event = 0;
    {% if deciding_variable is not none %}
    for(; _event < _n_events && !_first_{{codeobj_name}}.empty(); _event++)
    {
        const int32_t _event_cell = _event_cells[_event];
        const size_t _end = _first_{{codeobj_name}}[_event_cell + 1];
        for(size_t _run = _first_{{codeobj_name}}[_event_cell]; _run < _end; _run += 2)
        {
            const int32_t _last = _visited_{{codeobj_name}}[_run + 1];
            {% if independent %}
            #pragma GCC ivdep
            {% endif %}
            for(int32_t _other = _visited_{{codeobj_name}}[_run]; _other <= _last; _other++)
            {
                {{numbers()}}
                {{vector_code|join('\n')|replace(get_array_name(deciding_variable) ~ '[_idx]', '1')|autoindent}}
            }
        }
    }
    {% endif %}
    {% if by_bits %}
    const uint32_t *_words = _words_{{codeobj_name}}.data();
    for(; _event < _n_events && !_everyone_{{codeobj_name}}; _event++)
    {
        const int32_t _event_cell = _event_cells[_event];
        for(int32_t _block = 0; _block < {{(n_target + 31) // 32}}; _block++)
        {
            const uint32_t _word = _words[(size_t)_event_cell * {{(n_target + 31) // 32}} + _block];
            const int32_t _begin = std::min(32 * _block, {{n_target - 32}});
            #pragma GCC ivdep
            for(int32_t _bit = 0; _bit < 32; _bit++)
            {
                const int32_t _other = _begin + _bit;
                {{numbers()}}
                {{by_bit()|autoindent}}
            }
        }
    }
    {% endif %}
    {# What the code reads and writes at one cell alone stays in numbers of the loop's own meanwhile, of the event's cells and
       of each other cell: sums become those of vectors, and what several events do to a cell is read and written once. #}
    {% set code = for_everyone() if by_bits else vector_code|join('\n') %}
    {% set own, other = ('_presynaptic_idx', '_postsynaptic_idx') if over == 'row' else ('_postsynaptic_idx', '_presynaptic_idx') %}
    {% set of_event, of_other = kept_at(code, own), kept_at(code, other) %}
    {# with bits what is left here are events of a run in which all take part #}
    {% for width in ([together, 1] if together > 1 else [1]) %}
    for(; _event + {{width}} <= _n_events; _event += {{width}})
    {
        {% for k in range(width) %}
        const int32_t _event_cell_{{k}} = _event_cells[_event + {{k}}];
        {% for one in of_event %}
        {{one.begin('_own_%d_' ~ k, '_event_cell_%d' % k)}}
        {% endfor %}
        {% endfor %}
        {% if apart and '[' ~ own ~ ']' not in with_kept(code, of_event, '%d') %}
        #pragma GCC ivdep
        {% endif %}
        #pragma GCC unroll 1
        for(int32_t _other = 0; _other < {{n_target}}; _other++)
        {
            {% for one in of_other %}
            {{one.begin('_met_%d', '_other')}}
            {% endfor %}
            {% for k in range(width) %}
            {
                const int32_t _event_cell = _event_cell_{{k}};
                {{numbers()}}
                {{with_kept(with_kept(code, of_event, '_own_%d_' ~ k), of_other, '_met_%d')|autoindent}}
            }
            {% endfor %}
            {% for one in of_other %}
            {{one.end('_met_%d', '_other')}}
            {% endfor %}
        }
        {% for k in range(width) %}
        {% for one in of_event %}
        {{one.end('_own_%d_' ~ k, '_event_cell_%d' % k)}}
        {% endfor %}
        {% endfor %}
    }
    {% endfor %}
{% endblock %}
