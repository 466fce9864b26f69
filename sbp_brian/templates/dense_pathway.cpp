{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t *_event_cells = {{_eventspace}};
    const int32_t _n_events = {{_eventspace}}[_num{{eventspace_variable.name}} - 1];
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    for(int32_t _event = 0; _event < _n_events; _event++)
    {
        {% if over == 'row' %}
        const int32_t _presynaptic_idx = _event_cells[_event];
        const size_t _first = (size_t)_presynaptic_idx * {{n_target}};
        {% else %}
        const int32_t _postsynaptic_idx = _event_cells[_event];
        const size_t _first = _postsynaptic_idx;
        {% endif %}
        {% if independent %}
        #pragma GCC ivdep
        {% endif %}
        for(int32_t _other = 0; _other < {{n_target}}; _other++)
        {
            {% if over == 'row' %}
            const int32_t _postsynaptic_idx = _other;
            const size_t _idx = _first + _other;
            {% else %}
            const int32_t _presynaptic_idx = _other;
            const size_t _idx = _first + (size_t)_other * {{n_source}};
            {% endif %}
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
