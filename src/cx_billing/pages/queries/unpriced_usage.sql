select
    unit_of_measure,
    sum(quantity) as quantity,
    list(distinct product_code) as products
from marts.unbilled_usage
where reason = 'no_contract_item'
group by unit_of_measure
order by unit_of_measure
