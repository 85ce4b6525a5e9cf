select
    disputes.currency,
    disputes.status = 'not_opened' as is_not_opened,
    count(*) as disputes_count,
    sum(disputes.open_amount) filter (where disputes.open_days <= 30) as up_to_30,
    sum(disputes.open_amount) filter (where disputes.open_days between 31 and 60)
        as up_to_60,
    sum(disputes.open_amount) filter (where disputes.open_days between 61 and 90)
        as up_to_90,
    sum(disputes.open_amount) filter (where disputes.open_days > 90) as over_90,
    sum(disputes.open_amount) as open_amount,
    min(currencies.minor_units) as minor_units
from marts.disputes
left join reference.currencies using (currency)
where
    disputes.open_amount > 0
    and ($org_id is null or disputes.org_id = $org_id)
group by disputes.currency, disputes.status = 'not_opened'
order by disputes.currency, is_not_opened
