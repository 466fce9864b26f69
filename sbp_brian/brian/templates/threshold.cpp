{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{# Collects the cells whose condition holds, without a branch that would be guessed wrongly at each spike: every cell is
   written to the next free place, which moves on only behind one that counts. #}
{% block maincode %}
    {% set events = get_array_name(eventspace_variable) %}
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    int32_t _found = 0;
    for(size_t _idx = 0; _idx < N; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        {{events}}[_found] = _idx;
        _found += _cond != 0;
        {% if _uses_refractory %}
        if(_cond)
        {
            {{not_refractory}}[_idx] = false;
            {{lastspike}}[_idx] = {{t}};
        }
        {% endif %}
    }
    {{events}}[N] = _found;
{% endblock %}

{% block after_code %}
{% set events = get_array_name(eventspace_variable) %}
{{events}}[N] = 0;  // the last of N + 1 numbers is how many there are
{% endblock %}
