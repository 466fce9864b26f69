{# Puts the cells of an event into the order of a variable, ties by cell index. #}
{% extends 'common_group.pyx' %}
{% block maincode %}
    _space = _namespace["{{get_array_name(eventspace_variable)}}"]
    _key = _namespace["{{get_array_name(key_variable)}}"]
    _sorted_cells = _numpy.sort(_space[:_space[len(_space) - 1]])
    _space[:len(_sorted_cells)] = _sorted_cells[_numpy.argsort(_key[_sorted_cells], kind='stable')]
{% endblock %}
