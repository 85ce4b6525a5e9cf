{#
    What is above an allowance or commitment as it is billed: never negative, and in whole
    units, up, where the policy says so (FU-07).
#}
{% macro round_overage(quantity, overage_rounding) -%}
    case {{ overage_rounding }}
        when 'whole_unit' then ceil(greatest(0, {{ quantity }}))::decimal(38, 6)
        else greatest(0, {{ quantity }})::decimal(38, 6)
    end
{%- endmacro %}
