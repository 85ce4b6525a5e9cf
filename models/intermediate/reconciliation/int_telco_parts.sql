with

vendor_lines as (

    select * from {{ ref('int_vendor_lines_matched') }}

),

expected_lines as (

    select * from {{ ref('int_expected_lines') }}

),

international as (

    select * from {{ ref('int_calls_international') }}

),

-- A row the vendor splits U.S. / International agrees as a whole; only if it does not, the
-- parts are held against ours, as far as the call records tell them apart.
differing as (

    select
        vendor_lines.vendor_line_id,
        vendor_lines.breakout,
        expected_lines.quantity,
        expected_lines.amount,
        coalesce(international.international_minutes, 0)::decimal(38, 6)
            as international_minutes,
        coalesce(international.international_amount, 0)::decimal(28, 4)
            as international_amount
    from vendor_lines
    inner join expected_lines
        on
            vendor_lines.expected_line_id = expected_lines.expected_line_id
            and vendor_lines.key_amount <> expected_lines.amount
    left join international
        on
            vendor_lines.org_id = international.org_id
            and vendor_lines.service_period_start = international.cycle_start_date
            and vendor_lines.match_code = international.product_code
    where vendor_lines.is_split and vendor_lines.match_code <> 'telco_inbound'

)

select
    vendor_line_id,
    case
        when breakout = 'international' then international_minutes
        else quantity - international_minutes
    end::decimal(38, 6) as expected_quantity,
    case
        when breakout = 'international' then international_amount
        else amount - international_amount
    end::decimal(28, 4) as expected_amount
from differing
