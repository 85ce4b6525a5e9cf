with

paired as (

    select * from {{ ref('int_lines_compared') }}

),

-- The periods the vendor has invoiced anything for, in advance or in arrears.
invoiced_periods as (

    select distinct
        org_id,
        is_prepay,
        service_period_start,
        service_period_end
    from paired
    where is_invoiced

),

policies as (

    select * from {{ ref('billing_policies') }}

),

line_groups as (

    select
        org_id,
        line_id,
        group_id
    from {{ ref('int_invoice_groups') }}

),

printed_lines as (

    select
        org_id,
        vendor_line_id,
        line_number
    from {{ ref('int_printed_lines') }}

),

-- What the vendor may show as a whole at a blended rate, not above the allowance (FU-10).
totals as (

    select resource_usage.*
    from {{ ref('resource_usage') }} as resource_usage
    semi join {{ ref('products') }} as products
        on
            resource_usage.product_code = products.product_code
            and products.invoice_display = 'total_quantity_blended_rate'

),

compared as (

    select
        paired.*,
        coalesce(paired.invoiced_amount, 0) - coalesce(paired.expected_amount, 0)
            as variance_amount,
        policies.reconciliation_tolerance,
        invoiced_periods.org_id is not null as has_vendor_invoice,
        -- A blended rate is amount / total, to four places or more.
        paired.invoiced_quantity <> paired.expected_quantity
        and abs(paired.invoiced_price * totals.used_quantity - paired.invoiced_amount)
        <= 0.00005 * totals.used_quantity as is_shown_blended
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
    left join totals
        on
            paired.org_id = totals.org_id
            and paired.product_code = totals.product_code
            and paired.service_period_start = totals.cycle_start_date
            and paired.invoiced_quantity = totals.used_quantity
            and not paired.is_prepay
    -- A waived line that the vendor does not bill either is nothing to reconcile.
    where paired.is_invoiced or not paired.is_waived

),

placed as (

    select
        compared.*,
        line_groups.group_id as match_group,
        printed_lines.line_number::integer as printed_position
    from compared
    left join line_groups
        on
            compared.org_id = line_groups.org_id
            and compared.reconciliation_id = line_groups.line_id
    left join printed_lines
        on
            compared.org_id = printed_lines.org_id
            and compared.reconciliation_id = printed_lines.vendor_line_id

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
    expected_quantity,
    invoiced_amount::decimal(28, 4) as invoiced_amount,
    expected_amount,
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
        when variance_amount = 0 and is_shown_blended then 'shown_blended'
        when variance_amount = 0 then 'matched'
        when abs(variance_amount) <= reconciliation_tolerance
            then 'matched_with_rounding'
        when is_waived then 'waived_in_ramp'
        when is_call then 'amount_differs'
        when
            invoiced_quantity <> expected_quantity
            and invoiced_price <> expected_price
            then 'quantity_and_price_differ'
        when invoiced_quantity <> expected_quantity then 'quantity_differs'
        when invoiced_price <> expected_price then 'price_differs'
        else 'amount_differs'
    end as reason,
    match_group,
    printed_position
from placed
