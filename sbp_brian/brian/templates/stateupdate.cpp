{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{# Code that runs once for each cell or synapse. A compiler makes vector instructions of the loop where the arrays do not
   overlap; it asks that for each pair of arrays when the loop begins, and of more than a few pairs not at all. It is told
   where the code shows it (`lies_apart`). #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}
    const int _n_cells = {{constant_or_scalar('N', variables['N'])}};
    {% set threads = openmp_pragma('parallel-static') %}
    {% if threads %}
    {{threads}}
    {% elif lies_apart(vector_code) %}
    #pragma GCC ivdep
    {% endif %}
    for(int _idx = 0; _idx < _n_cells; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
{% endblock %}
