{# Puts the cells of an event into the order of a variable, ties by cell index. #}
{% extends 'common_group.pyx' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _key = get_array_name(key_variable) %}
    _cells = _numpy.sort(_numpy.asarray({{_eventspace}})[:{{_eventspace}}[_num{{eventspace_variable.name}} - 1]])
    _sorted = _cells[_numpy.argsort(_numpy.asarray({{_key}})[_cells], kind='stable')]
    for _event in range(len(_sorted)):
        {{_eventspace}}[_event] = _sorted[_event]
{% endblock %}
