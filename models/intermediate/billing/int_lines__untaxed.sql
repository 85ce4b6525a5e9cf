-- Every line of an invoice but its taxes.
select * from {{ ref('int_lines__priced') }}
union all by name
select * from {{ ref('int_lines__minimum') }}
