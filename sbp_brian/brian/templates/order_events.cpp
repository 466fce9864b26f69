{# Puts the cells of an event into the order of a variable, ties by cell index. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _key = get_array_name(key_variable) %}
    int32_t *_cells = {{_eventspace}};
    const int32_t _n_events = {{_eventspace}}[_num{{eventspace_variable.name}} - 1];
    std::sort(_cells, _cells + _n_events, [&](const int32_t _a, const int32_t _b) {
        return {{_key}}[_a] < {{_key}}[_b] || ({{_key}}[_a] == {{_key}}[_b] && _a < _b);
    });
{% endblock %}
