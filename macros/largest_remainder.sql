{#
    A query of the rows of `rows`, each with its `share` of the amount of its line by its `weight`,
    in whole minor units of the currency: each rounded down, then a unit more for those that lost
    most, of equals for the first by key, until the shares sum to the amount. A row without a
    weight has no share; if no weight is above 0, all weights are equal. Large weights count in
    whole units or billions, so that no amount times a weight is too large for an integer.
    `rows` has org_id, invoice_line_id, evidence_key, weight, line_amount and minor_units.
#}
{% macro largest_remainder(rows) -%}
    select
        * exclude (line_units, weights, weight_units, all_units, product, taken, remainder),
        (
            (
                taken
                + case
                    when
                        row_number() over (
                            partition by org_id, invoice_line_id
                            order by remainder desc nulls last, evidence_key asc
                        ) <= line_units - sum(taken) over (
                            partition by org_id, invoice_line_id
                        )
                        then 1
                    else 0
                end
            )
            * case minor_units when 0 then 1 when 2 then 0.01 when 3 then 0.001 end
        )::decimal(38, 10) as share
    from (
        select
            *,
            line_units * weight_units * sign(all_units)::hugeint as product,
            product // abs(all_units)
            - if(product % abs(all_units) < 0, 1, 0) as taken,
            product - taken * abs(all_units) as remainder
        from (
            select
                *,
                case
                    when weights = 0 then weight * 0 + 1
                    when abs(weights) < 1000000000 then weight * 1000000
                    when abs(weights) < 1000000000000 then weight
                    else weight * 0.000000001
                end::decimal(38, 0)::hugeint as weight_units,
                sum(weight_units) over (
                    partition by org_id, invoice_line_id
                )::hugeint as all_units
            from (
                select
                    *,
                    (
                        line_amount
                        * case minor_units when 0 then 1 when 2 then 100 when 3 then 1000 end
                    )::decimal(38, 0)::hugeint as line_units,
                    sum(weight) over (partition by org_id, invoice_line_id) as weights
                from {{ rows }}
            )
        )
    )
{%- endmacro %}

{#
    The same where all weights are equal: whole minor units, and one more for the first of them by
    key. Calls and conversations come in millions, so it takes a single window.
    `rows` has org_id, invoice_line_id, evidence_key, line_amount and minor_units.
#}
{% macro equal_parts(rows) -%}
    select
        * exclude (line_units, parts, position),
        (
            (
                line_units // parts
                + if(position <= line_units % parts, 1, 0)
            )
            * case minor_units when 0 then 1 when 2 then 0.01 when 3 then 0.001 end
        )::decimal(38, 10) as share
    from (
        select
            *,
            (
                line_amount
                * case minor_units when 0 then 1 when 2 then 100 when 3 then 1000 end
            )::decimal(38, 0)::hugeint as line_units,
            count(*) over line as parts,
            row_number() over (line order by evidence_key asc) as position
        from {{ rows }}
        window line as (partition by org_id, invoice_line_id)
    )
{%- endmacro %}
