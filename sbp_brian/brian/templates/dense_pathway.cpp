{% extends 'common_group.cpp' %}
{# Events are those of `n_source` cells, the other side has `n_target`. `together` events are taken together where their
   order matters only at each one of the other cells: what these have is then read and written once for all of them.
   Where the code does nothing unless a variable says so, and it says so for few, these are listed before a run, and
   only they are visited: in a column or a short row by runs of neighbours, in others (`by_bits`) by what one vector
   holds; events of cells of which it says so for all come after those and together (`whole_rows`), where the order of
   events does not matter. Where it says so for many, whole rows are visited, and what it says of so many synapses as a
   number has bits stands in one number: a vector instruction takes bits apart sooner than it reads and widens as many
   bytes. #}
{% block extra_headers %}
{% if deciding_variable is not none %}
#include <algorithm>
#include <vector>
std::vector<int32_t> _visited_{{codeobj_name}};  // of each event cell, pairs: first and last of a run of other cells, or
    // the first of {{listed}} and a bit for each of them
std::vector<size_t> _first_{{codeobj_name}};  // where each event cell's begin; empty: all are visited
{% if by_bits %}
std::vector<uint32_t> _words_{{codeobj_name}};  // a bit for each other cell of a row; the last {{word}} end with the row,
    // and those of them that another word has, too, are 0 there
{% endif %}
{% if whole_rows %}
std::vector<char> _whole_{{codeobj_name}};  // it says so for all of an event cell, which are not listed
std::vector<int32_t> _in_whole_{{codeobj_name}};  // room for events of such cells
{% endif %}
{% endif %}
{% endblock %}

{% block before_code %}
{% if deciding_variable is not none %}
    {% set decides = get_array_name(deciding_variable) %}
    extern std::vector<int32_t> _visited_{{codeobj_name}};
    extern std::vector<size_t> _first_{{codeobj_name}};
    std::vector<int32_t> &_visits = _visited_{{codeobj_name}};
    std::vector<size_t> &_firsts = _first_{{codeobj_name}};
    _visits.clear();
    _firsts.clear();
    {% if by_bits %}
    // those of `_of` other cells from `_begin` on that have not been told yet, one bit each
    auto _told = [&](size_t _event_cell, size_t _block, size_t _of)
    {
        const size_t _begin = std::min(_block * _of, {{n_target}} - _of);
        uint32_t _bits = 0;
        for(size_t _other = _block * _of; _other < _begin + _of; _other++)
            _bits |= (uint32_t)({{decides}}[_event_cell * {{n_target}} + _other] != 0) << (_other - _begin);
        return _bits;
    };
    {% endif %}
    {% if whole_rows %}
    extern std::vector<char> _whole_{{codeobj_name}};
    extern std::vector<int32_t> _in_whole_{{codeobj_name}};
    _whole_{{codeobj_name}}.clear();
    _in_whole_{{codeobj_name}}.resize({{n_source}});
    {% endif %}
    size_t _few = 0;
    size_t _not_whole = {{n_source}};
    for(int32_t _event_cell = 0; _event_cell < {{n_source}}; _event_cell++)
    {
        _firsts.push_back(_visits.size());
        {% if whole_rows %}
        const auto *_row = {{decides}} + (size_t)_event_cell * {{n_target}};
        _whole_{{codeobj_name}}.push_back(std::find(_row, _row + {{n_target}}, 0) == _row + {{n_target}});
        if(_whole_{{codeobj_name}}.back())
        {
            _not_whole--;
            continue;
        }
        {% endif %}
        {% if by_bits %}
        for(int32_t _block = 0; _block < {{(n_target + listed - 1) // listed}}; _block++)
            if(const uint32_t _bits = _told(_event_cell, _block, {{listed}}))
            {
                _visits.insert(_visits.end(), {std::min({{listed}} * _block, {{n_target - listed}}), (int32_t)_bits});
                _few++;
            }
        {% else %}
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
            if(_visits.size() > _firsts.back() && _visits.back() == _other - 1)
                _visits.back() = _other;
            else
                _visits.insert(_visits.end(), {_other, _other});
        }
        {% endif %}
    }
    _firsts.push_back(_visits.size());
    {% if by_bits %}
    if(_few > {{dear}} * {{(n_target + listed - 1) // listed}} * _not_whole)
        _firsts.clear();
    extern std::vector<uint32_t> _words_{{codeobj_name}};
    _words_{{codeobj_name}}.clear();
    for(size_t _event_cell = 0; _firsts.empty() && _event_cell < {{n_source}}; _event_cell++)
        for(size_t _block = 0; _block < {{(n_target + word - 1) // word}}; _block++)
            _words_{{codeobj_name}}.push_back(_told(_event_cell, _block, {{word}}));
    {% else %}
    // what is visited costs by itself, and as much as {{start_of_run}} more where a run of them begins
    if(_few + {{start_of_run}} * (_visits.size() / 2) > _not_whole * {{n_target}})
        _firsts.clear();
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
    {# the code where what decides is known: as a bit of a number, or as 1 #}
    {% macro by_bit(bits) %}
    {{vector_code|join('\n')|replace(get_array_name(deciding_variable) ~ '[_idx]', '((' ~ bits ~ ' & ((uint32_t)1 << _bit)) != 0)')}}
    {% endmacro %}
    {% macro where_it_does() %}
    {{vector_code|join('\n')|replace(get_array_name(deciding_variable) ~ '[_idx]', '1')}}
    {% endmacro %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t *_event_cells = {{_eventspace}};
    {{'' if whole_rows else 'const '}}int32_t _n_events = {{_eventspace}}[_num{{eventspace_variable.name}} - 1];
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    int32_t _event = 0;
    {% if deciding_variable is not none %}
    const bool _by_list = !_first_{{codeobj_name}}.empty();
    {% if whole_rows %}
    int32_t _n_whole = 0;
    {% endif %}
    for(; _event < _n_events && _by_list; _event++)
    {
        const int32_t _event_cell = _event_cells[_event];
        {% if whole_rows %}
        _in_whole_{{codeobj_name}}[_n_whole] = _event_cell;
        _n_whole += _whole_{{codeobj_name}}[_event_cell];
        {% endif %}
        const size_t _end = _first_{{codeobj_name}}[_event_cell + 1];
        for(size_t _visit = _first_{{codeobj_name}}[_event_cell]; _visit < _end; _visit += 2)
        {
            const int32_t _begin = _visited_{{codeobj_name}}[_visit];
            {% if by_bits %}
            const uint32_t _bits = _visited_{{codeobj_name}}[_visit + 1];
            #pragma GCC ivdep
            for(int32_t _bit = 0; _bit < {{listed}}; _bit++)
            {
                const int32_t _other = _begin + _bit;
                {{numbers()}}
                {{by_bit('_bits')|autoindent}}
            }
            {% else %}
            const int32_t _last = _visited_{{codeobj_name}}[_visit + 1];
            {% if independent %}
            #pragma GCC ivdep
            {% endif %}
            for(int32_t _other = _begin; _other <= _last; _other++)
            {
                {{numbers()}}
                {{where_it_does()|autoindent}}
            }
            {% endif %}
        }
    }
    {% if whole_rows %}
    if(_by_list)
    {
        _event_cells = _in_whole_{{codeobj_name}}.data();
        _n_events = _n_whole;
        _event = 0;
    }
    {% endif %}
    {% endif %}
    {# What the code reads and writes at one cell alone stays in numbers of the loop's own meanwhile, of the event's cells
       and of each other cell: sums become those of vectors, and what several events do to a cell is read and written
       once. With bits there are two such loops, for events of a run in which a bit tells it and for those of another. #}
    {% set own, other = ('_presynaptic_idx', '_postsynaptic_idx') if over == 'row' else ('_postsynaptic_idx', '_presynaptic_idx') %}
    {% macro at_one_cell(width, code, of_event) %}
    {% set of_other = kept_at(code, other) %}
    {% for one in of_other %}
    {{one.begin('_met_%d', '_other')}}
    {% endfor %}
    {% for k in range(width) %}
    {
        const int32_t _event_cell = _event_cell_{{k}};
        {{numbers()}}
        {{with_kept(with_kept(code|replace('_bits_of', '_bits_%d' % k), of_event, '_own_%d_' ~ k), of_other, '_met_%d')|autoindent}}
    }
    {% endfor %}
    {% for one in of_other %}
    {{one.end('_met_%d', '_other')}}
    {% endfor %}
    {% endmacro %}
    {% for bits in ([true, false] if by_bits else [false]) %}
    {% set code = by_bit('_bits_of') if bits else where_it_does() if by_bits else vector_code|join('\n') %}
    {% set of_event = kept_at(code, own) %}
    {% for width in ([together, 1] if together > 1 else [1]) %}
    for(; _event + {{width}} <= _n_events{% if bits %} && !_by_list{% endif %}; _event += {{width}})
    {
        {% for k in range(width) %}
        const int32_t _event_cell_{{k}} = _event_cells[_event + {{k}}];
        {% for one in of_event %}
        {{one.begin('_own_%d_' ~ k, '_event_cell_%d' % k)}}
        {% endfor %}
        {% endfor %}
        {% if bits %}
        for(int32_t _block = 0; _block < {{(n_target + word - 1) // word}}; _block++)
        {
            const int32_t _begin = std::min({{word}} * _block, {{n_target - word}});
            {% for k in range(width) %}
            const uint32_t _bits_{{k}} =
                _words_{{codeobj_name}}[(size_t)_event_cell_{{k}} * {{(n_target + word - 1) // word}} + _block];
            {% endfor %}
            #pragma GCC ivdep
            #pragma GCC unroll 1
            for(int32_t _bit = 0; _bit < {{word}}; _bit++)
            {
                const int32_t _other = _begin + _bit;
                {{at_one_cell(width, code, of_event)}}
            }
        }
        {% else %}
        {% if apart and '[' ~ own ~ ']' not in with_kept(code, of_event, '%d') %}
        #pragma GCC ivdep
        {% endif %}
        #pragma GCC unroll 1
        for(int32_t _other = 0; _other < {{n_target}}; _other++)
        {
            {{at_one_cell(width, code, of_event)}}
        }
        {% endif %}
        {% for k in range(width) %}
        {% for one in of_event %}
        {{one.end('_own_%d_' ~ k, '_event_cell_%d' % k)}}
        {% endfor %}
        {% endfor %}
    }
    {% endfor %}
    {% endfor %}
{% endblock %}
