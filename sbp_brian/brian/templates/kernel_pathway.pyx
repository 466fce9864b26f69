{# Runs over what shared kernels reach from the cells of an event. The innermost loop is over what lies together in memory. #}
{% extends 'common_group.pyx' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set maps = before if side == 'pre' else behind %}
    {% set other = behind if side == 'pre' else before %}
    cdef int32_t _event, _event_cell, _n_events = {{_eventspace}}[_num{{_eventspace}} - 1]
    cdef int32_t _row, _column, _first_row, _end_row, _first_column, _end_column, _map, _y, _x, _kernels, _others
    _vectorisation_idx = 1
    {{scalar_code|autoindent}}
    for _event in range(_n_events):
        _event_cell = {{_eventspace}}[_event]
        _row = _event_cell//{{maps.steps[1]}} % {{maps.rows}}
        _column = _event_cell//{{maps.steps[2]}} % {{maps.columns}}
        {% if side == 'pre' %}
        _presynaptic_idx = _event_cell
        _kernels = _event_cell//{{maps.steps[0]}} % {{maps.maps}}*{{steps[1]}}
        {% for name, k, size in (('row', 0, behind.rows), ('column', 1, behind.columns)) %}
        _{{name}} += {{paddings[k]}}
        _first_{{name}} = 0 if _{{name}} < {{sides[k]}} else (_{{name}} - {{sides[k] - strides[k]}})//{{strides[k]}}
        _end_{{name}} = min(<int32_t>{{size}}, _{{name}}//{{strides[k]}} + 1)
        {% endfor %}
        {% set ranges = {'y': '_first_row, _end_row', 'x': '_first_column, _end_column', 'map': other.maps} %}
        {% else %}
        _postsynaptic_idx = _event_cell
        _kernels = _event_cell//{{maps.steps[0]}} % {{maps.maps}}*{{steps[0]}}
        {% for name, k, size in (('row', 0, before.rows), ('column', 1, before.columns)) %}
        _{{name}} = _{{name}}*{{strides[k]}} - {{paddings[k]}}
        _first_{{name}} = max(<int32_t>0, -_{{name}})
        _end_{{name}} = min(<int32_t>{{sides[k]}}, {{size}} - _{{name}})
        {% endfor %}
        {% set ranges = {'y': '_first_row, _end_row', 'x': '_first_column, _end_column', 'map': other.maps} %}
        {% endif %}
        {% set loops = ['y', 'x', 'map'] if other.maps_last else ['map', 'y', 'x'] %}
        for _{{loops[0]}} in range({{ranges[loops[0]]}}):
            for _{{loops[1]}} in range({{ranges[loops[1]]}}):
                for _{{loops[2]}} in range({{ranges[loops[2]]}}):
                    {% if side == 'pre' %}
                    _postsynaptic_idx = _map*{{other.steps[0]}} + _y*{{other.steps[1]}} + _x*{{other.steps[2]}}
                    _kernel_idx = _kernels + _map*{{steps[0]}} + (_row - {{strides[0]}}*_y)*{{steps[2]}} + (_column - {{strides[1]}}*_x)*{{steps[3]}}
                    {% else %}
                    _presynaptic_idx = _map*{{other.steps[0]}} + (_row + _y)*{{other.steps[1]}} + (_column + _x)*{{other.steps[2]}}
                    _kernel_idx = _kernels + _map*{{steps[1]}} + _y*{{steps[2]}} + _x*{{steps[3]}}
                    {% endif %}
                    _idx = _kernel_idx
                    _vectorisation_idx = _idx
                    {{vector_code|autoindent}}
{% endblock %}
