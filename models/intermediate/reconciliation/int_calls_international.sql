-- The international part of a service, to hold the parts of a split telco row against ours.
select
    calls.org_id,
    calls.cycle_start_date,
    'telco_' || calls.service as product_code,
    (sum(calls.rated_seconds // 6) * 0.1)::decimal(38, 6) as international_minutes,
    {{ round_money(
        'sum(calls.reported_cost)', 'any_value(currencies.minor_units)'
    ) }} as international_amount
from {{ ref('calls') }} as calls
inner join {{ ref('currencies') }} as currencies
    on calls.currency = currencies.currency
where calls.is_international
group by calls.org_id, calls.cycle_start_date, calls.service
