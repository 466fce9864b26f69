{% extends 'common_group.cpp' %}
{# Runs over what shared kernels reach from the cells of an event. The innermost loop is over what lies together in memory.
   `together` events at one place are taken together where their order matters at each weight and other cell only: what
   these have is then read and written once for all of them. A function of its own has the loops: what are its arguments
   the compiler believes not to overlap, so that it keeps a value over several events instead of storing it each time. #}
{% block maincode %}
    {% set arrays = [] %}
    {% for line in pointers_lines if '__restrict' in line %}
    {% set _ = arrays.append(line.split('=')[0].strip()) %}
    {% endfor %}
    #ifdef _MSC_VER
    auto _over_all = [&]({{arrays|join(', ')}})
    #else
    auto _over_all = [&]({{arrays|join(', ')}}) __attribute__((noinline))
    #endif
    {
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t *_event_cells = {{_eventspace}};
    const int32_t _n_events = {{_eventspace}}[_num{{eventspace_variable.name}} - 1];
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    {% set maps = before if side == 'pre' else behind %}
    {% set other = behind if side == 'pre' else before %}
    int32_t _event = 0;
    while(_event < _n_events)
    {
        const int32_t _event_cell = _event_cells[_event];
        const int32_t _row = _event_cell/{{maps.steps[1]}}%{{maps.rows}};
        const int32_t _column = _event_cell/{{maps.steps[2]}}%{{maps.columns}};
        {% if side == 'pre' %}
        {% for place, k, size in (('row', 0, behind.rows), ('column', 1, behind.columns)) %}
        const int32_t _{{place}}_padded = _{{place}} + {{paddings[k]}};
        const int32_t _first_{{place}} = _{{place}}_padded < {{sides[k]}} ? 0 : (_{{place}}_padded - {{sides[k] - strides[k]}})/{{strides[k]}};
        const int32_t _last_{{place}} = std::min<int32_t>({{size - 1}}, _{{place}}_padded/{{strides[k]}});
        {% endfor %}
        {% if behind.maps_last %}
        {% for width in ([together, 1] if together > 1 else [1]) %}
        {% if width > 1 %}
        bool _at_one_place = _event + {{width}} <= _n_events;
        for(int32_t _k = 1; _k < {{width}} && _at_one_place; _k++)
            _at_one_place = _event_cells[_event + _k]/{{maps.steps[1]}}%{{maps.rows}} == _row
                && _event_cells[_event + _k]/{{maps.steps[2]}}%{{maps.columns}} == _column;
        if(_at_one_place)
        {
        {% endif %}
        int32_t _kernels_of[{{width}}];
        for(int32_t _k = 0; _k < {{width}}; _k++)
            _kernels_of[_k] = _event_cells[_event + _k]/{{maps.steps[0]}}%{{maps.maps}}*{{steps[1]}};
        for(int32_t _other_row = _first_row; _other_row <= _last_row; _other_row++)
        for(int32_t _other_column = _first_column; _other_column <= _last_column; _other_column++)
        {
            const int32_t _others = _other_row*{{behind.steps[1]}} + _other_column*{{behind.steps[2]}};
            const int32_t _kernels = (_row_padded - {{strides[0]}}*_other_row)*{{steps[2]}}
                + (_column_padded - {{strides[1]}}*_other_column)*{{steps[3]}};
            {% if independent %}
            #pragma GCC ivdep
            {% endif %}
            for(int32_t _map = 0; _map < {{behind.maps}}; _map++)
            {
                const int32_t _postsynaptic_idx = _others + _map;
                #pragma GCC unroll {{width}}
                for(int32_t _k = 0; _k < {{width}}; _k++)
                {
                const int32_t _presynaptic_idx = _event_cells[_event + _k];
                const int32_t _kernel_idx = _kernels_of[_k] + _kernels + _map;
                const size_t _idx = _kernel_idx;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
                }
            }
        }
        _event += {{width}};
        {% if width > 1 %}
        continue;
        }
        {% endif %}
        {% endfor %}
        {% else %}
        const int32_t _presynaptic_idx = _event_cell;
        const int32_t _kernels_of = _event_cell/{{maps.steps[0]}}%{{maps.maps}}*{{steps[1]}};
        for(int32_t _map = 0; _map < {{behind.maps}}; _map++)
        for(int32_t _other_row = _first_row; _other_row <= _last_row; _other_row++)
        {
            const int32_t _others = _map*{{behind.steps[0]}} + _other_row*{{behind.steps[1]}};
            const int32_t _kernels = _kernels_of + _map*{{steps[0]}}
                + (_row_padded - {{strides[0]}}*_other_row)*{{steps[2]}} + _column_padded*{{steps[3]}};
            {% if independent %}
            #pragma GCC ivdep
            {% endif %}
            for(int32_t _other_column = _first_column; _other_column <= _last_column; _other_column++)
            {
                const int32_t _postsynaptic_idx = _others + _other_column;
                const int32_t _kernel_idx = _kernels - _other_column*{{strides[1]*steps[3]}};
                const size_t _idx = _kernel_idx;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
        }
        _event++;
        {% endif %}
        {% else %}
        const int32_t _postsynaptic_idx = _event_cell;
        const int32_t _kernels_of = _event_cell/{{maps.steps[0]}}%{{maps.maps}}*{{steps[0]}};
        const int32_t _above = _row*{{strides[0]}} - {{paddings[0]}};
        const int32_t _left = _column*{{strides[1]}} - {{paddings[1]}};
        const int32_t _first_y = std::max<int32_t>(0, -_above);
        const int32_t _first_x = std::max<int32_t>(0, -_left);
        const int32_t _end_y = std::min<int32_t>({{sides[0]}}, {{before.rows}} - _above);
        const int32_t _end_x = std::min<int32_t>({{sides[1]}}, {{before.columns}} - _left);
        {% set loops = ['y', 'x', 'map'] if before.maps_last else ['map', 'y', 'x'] %}
        {% for loop_over in loops %}
        {% if loop.last %}
        {% if independent %}
        #pragma GCC ivdep
        {% endif %}
        {% endif %}
        {% if loop_over == 'map' %}
        for(int32_t _map = 0; _map < {{before.maps}}; _map++)
        {% else %}
        for(int32_t _{{loop_over}} = _first_{{loop_over}}; _{{loop_over}} < _end_{{loop_over}}; _{{loop_over}}++)
        {% endif %}
        {% endfor %}
        {
                const int32_t _presynaptic_idx = _map*{{before.steps[0]}} + (_above + _y)*{{before.steps[1]}} + (_left + _x)*{{before.steps[2]}};
                const int32_t _kernel_idx = _kernels_of + _map*{{steps[1]}} + _y*{{steps[2]}} + _x*{{steps[3]}};
                const size_t _idx = _kernel_idx;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
        }
        _event++;
        {% endif %}
    }
    };
    _over_all({% for array in arrays %}{{array.split()[-1]}}{{'' if loop.last else ', '}}{% endfor %});
{% endblock %}
