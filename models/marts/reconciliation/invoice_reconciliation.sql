with

compared as (

    select * from {{ ref('int_lines_compared') }}
    -- A waived line that the vendor does not bill either is nothing to reconcile.
    where is_invoiced or not is_waived

),

policies as (

    select * from {{ ref('billing_policies') }}

),

currencies as (

    select * from {{ ref('currencies') }}

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

-- Final lines of ours that no invoice of the vendor answers.
unanswered as (

    select
        invoice_lines.*,
        invoice_lines.invoice_line_id as reconciliation_id,
        invoice_lines.invoice_date as expected_invoice_date,
        invoice_lines.quantity as expected_quantity,
        invoice_lines.amount as expected_amount
    from {{ ref('int_invoice_lines') }} as invoice_lines
    anti join {{ ref('int_answered_lines') }} as answered_lines
        on
            invoice_lines.org_id = answered_lines.org_id
            and invoice_lines.invoice_line_id = answered_lines.invoice_line_id
    where invoice_lines.invoice_status = 'final' and not invoice_lines.is_waived

),

judged as (

    select
        compared.*,
        coalesce(compared.invoiced_amount, 0) - coalesce(compared.expected_amount, 0)
            as variance_amount,
        if(compared.is_prepay, compared.service_period_start, compared.service_period_end)
            as boundary,
        -- A blended rate is amount / total, to four places or more.
        coalesce(
            compared.invoiced_quantity <> compared.expected_quantity
            and abs(
                compared.invoiced_price * totals.used_quantity
                - compared.invoiced_amount
            ) <= 0.00005 * totals.used_quantity, false
        ) as is_shown_blended,
        -- A quantity that differs at our price is no rounding, however little it makes, nor
        -- is another price.
        abs(variance_amount) <= greatest(
            policies.reconciliation_tolerance,
            if(compared.is_in_sum, compared.group_rounding, 0),
            ('1e-' || currencies.minor_units)::decimal(28, 4)
        )
        and (
            compared.is_in_sum
            or compared.is_call
            or coalesce(
                (
                    compared.invoiced_quantity = compared.expected_quantity
                    and round(compared.invoiced_price - compared.expected_price, 4) = 0
                )
                or (
                    compared.invoiced_quantity > compared.expected_quantity
                    and compared.invoiced_price < compared.expected_price
                ),
                true
            )
        ) as is_rounding
    from compared
    inner join policies
        on
            compared.invoice_date >= policies.valid_from
            and compared.invoice_date < policies.valid_to
    left join currencies
        on compared.expected_currency = currencies.currency
    left join totals
        on
            compared.org_id = totals.org_id
            and compared.product_code = totals.product_code
            and compared.service_period_start = totals.cycle_start_date
            and compared.invoiced_quantity = totals.used_quantity
            and not compared.is_prepay

),

rows_with_reason as (

    select
        *,
        case
            when not is_invoiced and variance_amount = 0 then 'matched'
            when not is_invoiced then 'missing_on_invoice'
            when
                invoiced_currency <> expected_currency
                or invoiced_currency = other_currency
                then 'currency_differs'
            when is_renamed then 'renamed_product'
            when variance_amount = 0 and is_shown_blended then 'shown_blended'
            when is_expected and variance_amount = 0 then 'matched'
            when product_code = 'unclassified' then 'unclassified'
            when is_expected and is_rounding then 'matched_with_rounding'
            when is_waived then 'waived_in_ramp'
            when charge = 'credit' then 'credit'
            when charge = 'earlier' then 'earlier_period'
            when charge = 'again' then 'duplicate_line'
            when not is_expected and is_repeated then 'duplicate_line'
            when not is_expected then 'not_expected'
            when is_call then 'amount_differs'
            when
                invoiced_quantity <> expected_quantity
                and invoiced_price <> expected_price
                then 'quantity_and_price_differ'
            when invoiced_quantity <> expected_quantity then 'quantity_differs'
            when invoiced_price <> expected_price then 'price_differs'
            else 'amount_differs'
        end as reason
    from judged
    union all by name
    select
        *,
        -expected_amount as variance_amount,
        'no_vendor_invoice' as reason
    from unanswered

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
    {{ masked_words('description') }} as description,
    invoiced_quantity::decimal(38, 6) as invoiced_quantity,
    expected_quantity::decimal(38, 6) as expected_quantity,
    invoiced_amount::decimal(28, 4) as invoiced_amount,
    expected_amount::decimal(28, 4) as expected_amount,
    variance_amount::decimal(28, 4) as variance_amount,
    -- Ours, or the boundary where ours would be; of one sum the last of its boundaries.
    coalesce(
        expected_invoice_date,
        if(is_in_sum, max(boundary) over (partition by org_id, match_group), boundary)
    ) as expected_invoice_date,
    reason,
    match_group,
    line_number::integer as printed_position
from rows_with_reason
