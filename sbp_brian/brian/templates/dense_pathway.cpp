{% extends 'common_group.cpp' %}
{# `together` events are taken together where their order matters only at each one of the other cells: what these have is
   then read and written once for all of them. #}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t *_event_cells = {{_eventspace}};
    const int32_t _n_events = {{_eventspace}}[_num{{eventspace_variable.name}} - 1];
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    int32_t _event = 0;
    {% for width in ([together, 1] if together > 1 else [1]) %}
    for(; _event + {{width}} <= _n_events; _event += {{width}})
    {
        {% if independent %}
        #pragma GCC ivdep
        {% endif %}
        for(int32_t _other = 0; _other < {{n_target}}; _other++)
        {
            #pragma GCC unroll {{width}}
            for(int32_t _of_width = 0; _of_width < {{width}}; _of_width++)
            {
                const int32_t _event_cell = _event_cells[_event + _of_width];
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
                {{vector_code|autoindent}}
            }
        }
    }
    {% endfor %}
{% endblock %}
