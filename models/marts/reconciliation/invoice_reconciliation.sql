with

vendor_lines as (

    select * from {{ ref('int_vendor_lines__keyed') }}

),

expected_lines as (

    select * from {{ ref('int_expected_lines') }}

),

-- The periods the vendor has invoiced anything for, in advance or in arrears.
invoiced_periods as (

    select distinct
        org_id,
        is_prepay,
        service_period_start,
        service_period_end
    from vendor_lines

),

policies as (

    select * from {{ ref('billing_policies') }}

),

-- A row the vendor splits U.S. / International agrees as a whole; only if it does not, the
-- parts are held against ours, as far as the call records tell them apart.
parts as (

    select
        vendor_lines.vendor_line_id,
        true as is_compared,
        coalesce(international.international_minutes, 0)::decimal(38, 6)
            as international_minutes,
        coalesce(international.international_amount, 0)::decimal(28, 4)
            as international_amount
    from vendor_lines
    inner join expected_lines
        on
            vendor_lines.org_id = expected_lines.org_id
            and vendor_lines.match_code = expected_lines.match_code
            and vendor_lines.service_period_start = expected_lines.service_period_start
            and vendor_lines.service_period_end = expected_lines.service_period_end
            and vendor_lines.key_amount <> expected_lines.amount
    left join {{ ref('int_calls__international') }} as international
        on
            vendor_lines.org_id = international.org_id
            and vendor_lines.service_period_start = international.cycle_start_date
            and vendor_lines.match_code = international.product_code
    where vendor_lines.is_split and vendor_lines.match_code <> 'telco_inbound'

),

-- On product, charge and service period, never on the date of the invoice.
paired as (

    select
        coalesce(vendor_lines.vendor_line_id, expected_lines.expected_line_id)
            as reconciliation_id,
        coalesce(vendor_lines.org_id, expected_lines.org_id) as org_id,
        vendor_lines.invoice_number,
        coalesce(vendor_lines.invoice_date, expected_lines.invoice_date) as invoice_date,
        coalesce(expected_lines.product_code, vendor_lines.product_code, 'unclassified')
            as product_code,
        coalesce(expected_lines.charge_type, vendor_lines.charge_type) as charge_type,
        expected_lines.invoice_date as expected_invoice_date,
        coalesce(vendor_lines.is_prepay, expected_lines.is_prepay) as is_prepay,
        coalesce(
            vendor_lines.service_period_start, expected_lines.service_period_start
        ) as service_period_start,
        coalesce(vendor_lines.service_period_end, expected_lines.service_period_end)
            as service_period_end,
        coalesce(vendor_lines.description, expected_lines.description) as description,
        vendor_lines.vendor_line_id is not null as is_invoiced,
        expected_lines.expected_line_id is not null as is_expected,
        vendor_lines.kind,
        vendor_lines.quantity as invoiced_quantity,
        case
            when expected_lines.expected_line_id is null then null
            when parts.is_compared and vendor_lines.breakout = 'international'
                then parts.international_minutes
            when parts.is_compared
                then expected_lines.quantity - parts.international_minutes
            when vendor_lines.is_earlier_part then vendor_lines.quantity
            else
                expected_lines.quantity
                - case
                    when vendor_lines.kind = 'call' then vendor_lines.earlier_quantity
                    else 0
                end
        end as expected_quantity,
        vendor_lines.unit_price as invoiced_price,
        expected_lines.unit_price as expected_price,
        vendor_lines.amount as invoiced_amount,
        case
            when expected_lines.expected_line_id is null then null
            when parts.is_compared and vendor_lines.breakout = 'international'
                then parts.international_amount
            when parts.is_compared
                then expected_lines.amount - parts.international_amount
            when vendor_lines.is_earlier_part then vendor_lines.amount
            else
                expected_lines.amount
                - case
                    when vendor_lines.kind = 'call' then vendor_lines.earlier_amount
                    else 0
                end
        end as expected_amount,
        vendor_lines.currency as invoiced_currency,
        expected_lines.currency as expected_currency,
        coalesce(expected_lines.is_waived, false) as is_waived
    from vendor_lines
    full outer join expected_lines
        on
            vendor_lines.org_id = expected_lines.org_id
            and vendor_lines.match_code = expected_lines.match_code
            and vendor_lines.is_prepay = expected_lines.is_prepay
            and vendor_lines.service_period_start = expected_lines.service_period_start
            and vendor_lines.service_period_end = expected_lines.service_period_end
            and vendor_lines.line_in_key = expected_lines.line_in_key
    left join parts
        on vendor_lines.vendor_line_id = parts.vendor_line_id

),

compared as (

    select
        paired.*,
        coalesce(paired.invoiced_amount, 0) - coalesce(paired.expected_amount, 0)
            as variance_amount,
        policies.reconciliation_tolerance,
        invoiced_periods.org_id is not null as has_vendor_invoice
    from paired
    inner join policies
        on
            paired.invoice_date >= policies.valid_from
            and paired.invoice_date < policies.valid_to
    left join invoiced_periods
        on
            paired.org_id = invoiced_periods.org_id
            and paired.is_prepay = invoiced_periods.is_prepay
            and paired.service_period_start = invoiced_periods.service_period_start
            and paired.service_period_end = invoiced_periods.service_period_end
    -- A waived line that the vendor does not bill either is nothing to reconcile.
    where paired.is_invoiced or not paired.is_waived

)

select
    reconciliation_id,
    org_id,
    invoice_number,
    invoice_date,
    product_code,
    charge_type,
    service_period_start,
    service_period_end,
    description,
    invoiced_quantity::decimal(38, 6) as invoiced_quantity,
    expected_quantity::decimal(38, 6) as expected_quantity,
    invoiced_amount::decimal(28, 4) as invoiced_amount,
    expected_amount::decimal(28, 4) as expected_amount,
    variance_amount::decimal(28, 4) as variance_amount,
    -- Ours, or the boundary where ours would be.
    coalesce(
        expected_invoice_date,
        case when is_prepay then service_period_start else service_period_end end
    ) as expected_invoice_date,
    case
        when not is_invoiced and has_vendor_invoice then 'missing_on_invoice'
        when not is_invoiced then 'no_vendor_invoice'
        when product_code = 'unclassified' then 'unclassified'
        when not is_expected then 'not_expected'
        when invoiced_currency <> expected_currency then 'currency_differs'
        when variance_amount = 0 then 'matched'
        when abs(variance_amount) <= reconciliation_tolerance
            then 'matched_with_rounding'
        when is_waived then 'waived_in_ramp'
        when kind = 'call' then 'amount_differs'
        when
            invoiced_quantity <> expected_quantity
            and invoiced_price <> expected_price
            then 'quantity_and_price_differ'
        when invoiced_quantity <> expected_quantity then 'quantity_differs'
        when invoiced_price <> expected_price then 'price_differs'
        else 'amount_differs'
    end as reason
from compared
