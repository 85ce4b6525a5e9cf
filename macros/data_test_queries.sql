{#
  Log the SQL of every data test as JSON, by the id of the test: `sql` gives the rows that break
  it, `verdict` how many there are and whether that warns or fails.

  `cx-billing build` runs them in one pass (src/cx_billing/data_tests.py). Rendered here, a test
  costs a tenth of what dbt needs for a node of its own; `dbt build` and `dbt test` run the same.
#}
{% macro data_test_queries() %}
    {% set queries = {} %}
    {% for test in graph.nodes.values() if test.resource_type == 'test' %}
        {% set config = test.config %}
        {% set all_rows = generic_test_sql(test) if test.test_metadata
            else render(with_names_of_tables(test.raw_code, test)) %}
        {% set sql = get_limit_subquery_sql(all_rows, config.limit) %}
        {% set verdict = get_test_sql(sql, config.fail_calc, config.warn_if, config.error_if, none) %}
        {% do queries.update({test.unique_id: {'sql': sql, 'verdict': verdict}}) %}
    {% endfor %}
    {% do log(tojson(queries)) %}
{% endmacro %}

{% macro generic_test_sql(test) %}
    {% set table = graph.nodes[test.attached_node].relation_name %}
    {% set where = test.config.where %}
    {% set arguments = dict(test.test_metadata.kwargs) %}
    {% do arguments.update({
        'model': '(select * from ' ~ table ~ ' where ' ~ where ~ ') dbt_subquery' if where else table
    }) %}
    {% if 'to' in arguments %}
        {% set to = with_names_of_tables('{{ ' ~ arguments.to ~ ' }}', test) %}
        {% do arguments.update({'to': render(to)}) %}
    {% endif %}
    {{ return(context['test_' ~ test.test_metadata.name](**arguments)) }}
{% endmacro %}

{# A test may read what is private to a group, a macro may not: `ref('x')` becomes x's table. #}
{% macro with_names_of_tables(code, test) %}
    {% set named = namespace(code=code) %}
    {% for id in test.depends_on.nodes if id in graph.nodes %}
        {% set node = graph.nodes[id] %}
        {% set named.code = named.code.replace(
            "ref('" ~ node.name ~ "')", "'" ~ node.relation_name ~ "'"
        ) %}
    {% endfor %}
    {{ return(named.code) }}
{% endmacro %}
