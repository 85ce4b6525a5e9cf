with

printed_lines as (

    select * from {{ ref('int_vendor_lines') }}

),

invoice_lines as (

    select * from {{ ref('invoice_lines') }}
    where invoice_status = 'final'

),

products as (

    {{ products_by_organization('invoice_lines') }}

),

printed as (

    select
        org_id,
        invoice_number,
        invoice_date as printed_date,
        coalesce(match_code, description) as match_code,
        is_prepay,
        sum(amount) as amount,
        min(service_period_start) as service_period_start
    from printed_lines
    where not is_billed_again
    group by all

),

ours as (

    select
        invoice_lines.org_id,
        invoice_lines.invoice_date,
        coalesce(products.match_code, invoice_lines.product_code) as match_code,
        invoice_lines.charge_type = 'prepay' as is_prepay,
        sum(invoice_lines.amount) as amount,
        min(invoice_lines.service_period_start) as service_period_start
    from invoice_lines
    left join products
        on
            invoice_lines.org_id = products.org_id
            and invoice_lines.product_code = products.product_code
    group by all

),

our_dates as (

    select distinct
        org_id,
        invoice_date
    from ours

),

-- The vendor dates an invoice on the boundary or days later, never much before it.
candidates as (

    select
        printed.org_id,
        printed.invoice_number,
        our_dates.invoice_date,
        printed.printed_date - our_dates.invoice_date as days_late,
        count(*) filter (where ours.match_code is not null) as products,
        count(*) filter (
            where ours.amount = printed.amount and printed.amount <> 0
        ) as equal_amounts,
        count(*) filter (
            where abs(ours.service_period_start - printed.service_period_start) <= 1
            and not printed.is_prepay
        ) as equal_periods
    from printed
    inner join our_dates
        on
            printed.org_id = our_dates.org_id
            and printed.printed_date - our_dates.invoice_date between -3 and 45
    left join ours
        on
            our_dates.org_id = ours.org_id
            and our_dates.invoice_date = ours.invoice_date
            and printed.match_code = ours.match_code
            and printed.is_prepay = ours.is_prepay
    group by all

),

-- What is on it says most, how close its date is says the rest.
answered as (

    select *
    from candidates
    qualify
        row_number() over (
            partition by org_id, invoice_number
            order by
                2 * equal_amounts + products + sign(equal_periods)
                + if(days_late between 0 and 10, 2, 0)
                + if(abs(days_late) <= 1, 2, 0) desc,
                abs(days_late),
                invoice_date
        ) = 1

)

select
    org_id,
    invoice_number,
    invoice_date as expected_invoice_date
from answered
