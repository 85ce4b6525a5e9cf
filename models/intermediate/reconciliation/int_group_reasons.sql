with

-- What a minimum is made of (INV-09).
figures as (

    select
        priced.*,
        if(priced.kind = 'minimum', minimums.minimum_amount, null) as minimum_amount,
        if(priced.kind = 'minimum', minimums.counted_amount, null) as counted_amount
    from {{ ref('int_groups_priced') }} as priced
    left join {{ ref('int_minimum_charges') }} as minimums
        on
            priced.org_id = minimums.org_id
            and priced.cycle_start_date = minimums.service_period_start

),

candidates as (

    select * from {{ ref('int_group_candidates') }}

),

renamed as (

    select * from {{ ref('int_renamed_products') }}

)

-- What explains the difference of a group as a whole.
select
    figures.org_id,
    figures.invoice_number,
    figures.group_id,
    figures.product_code,
    figures.kind,
    figures.minor_units,
    figures.printed_description,
    figures.repeated_description,
    figures.printed_start,
    greatest(figures.printed_compared_lines, figures.expected_compared_lines)
        as compared_lines,
    figures.printed_quantity,
    figures.printed_price,
    figures.is_price_derived,
    figures.printed_amount,
    figures.expected_quantity,
    figures.expected_price,
    figures.expected_amount,
    figures.printed_compared_amount,
    figures.expected_compared_amount,
    figures.variance_amount,
    figures.extra_amount,
    figures.charge,
    figures.first_invoice_number,
    figures.minimum_amount,
    figures.counted_amount,
    of_whole.reason as whole_reason,
    of_whole.assumed as whole_assumed,
    of_quantity.reason as quantity_reason,
    of_quantity.assumed as quantity_assumed,
    of_rate.reason as rate_reason,
    of_rate.assumed as rate_assumed,
    of_whole.other_reasons as other_whole_reasons,
    of_quantity.other_reasons as other_quantity_reasons,
    of_rate.other_reasons as other_rate_reasons,
    renamed_to.product_code as renamed_product_code,
    case
        when figures.charge = 'credit' then 'credit'
        when figures.charge = 'earlier' then 'earlier_period'
        when figures.charge = 'again' then 'duplicate_line'
        when
            figures.kind = 'minimum'
            and figures.counted_variance <> 0
            and figures.printed_amount = greatest(
                figures.minimum_amount - figures.counted_amount
                - figures.counted_variance,
                0
            )
            then 'follows'
        when renamed_to.product_code is not null then 'renamed_product'
        when
            figures.printed_lines > 0
            and figures.expected_lines > 0
            and abs(figures.variance_amount)
            <= compared_lines * power(10, -figures.minor_units)
            -- As it is billed, or all of it at a blended rate (FU-10).
            and (
                figures.kind = 'call'
                or figures.printed_quantity is null
                or (
                    figures.printed_quantity = figures.expected_quantity
                    and (
                        figures.is_price_derived
                        or round(figures.printed_price - figures.expected_price, 4) = 0
                        or figures.printed_price is null
                        or figures.expected_price is null
                    )
                )
                or (
                    figures.printed_quantity > figures.expected_quantity
                    and coalesce(figures.printed_price < figures.expected_price, true)
                )
            )
            then 'rounding'
        when
            figures.printed_compared_lines = 0
            and figures.expected_compared_lines > 0
            and figures.extra_amount = 0
            then
                if(
                    figures.charge in ('prepay', 'committed'),
                    'commitment_not_billed', 'usage_without_line'
                )
        when
            figures.is_waived
            and (
                figures.expected_amount = 0
                or figures.printed_amount = {{ line_amount(
                    'figures.whole_quantity', 'figures.expected_price',
                    'figures.minor_units'
                ) }}
            )
            then 'charged_in_ramp'
        when figures.group_product = 'unknown' then 'unknown_product'
        when
            figures.repeated_amount <> 0
            and figures.variance_amount % figures.repeated_amount = 0
            and figures.variance_amount / figures.repeated_amount
            <= figures.repeated_sum / figures.repeated_amount
            then 'duplicate_line'
        when figures.extra_amount = figures.variance_amount then 'duplicate_line'
        when of_whole.reason is not null then of_whole.reason
        when
            figures.expected_lines > 0
            and figures.expected_compared_lines = 0
            and figures.printed_compared_lines > 0
            and figures.extra_amount = 0
            then 'line_without_usage'
        when
            figures.expected_lines = 0
            and (
                of_quantity.reason is null
                or figures.printed_price is distinct from figures.expected_price
            )
            then 'line_without_usage'
        when figures.kind = 'call' and figures.printed_quantity = figures.expected_quantity
            then 'wrong_rate'
        -- Of a minimum there is one, printed or not.
        when
            figures.kind = 'minimum'
            and figures.expected_lines > 0
            and coalesce(figures.printed_quantity, 1) = 1
            and coalesce(figures.printed_price, figures.printed_amount)
            = figures.printed_amount
            then 'wrong_rate'
        -- At the average rate of the calls, as far as two rounded amounts tell it.
        when
            figures.kind = 'call'
            and figures.expected_quantity > 0
            and abs(
                {{ line_amount(
                    'figures.printed_quantity', 'figures.expected_amount', '2'
                ) }}
                - {{ line_amount(
                    'figures.expected_quantity', 'figures.printed_amount', '2'
                ) }}
            ) <= (figures.expected_quantity + figures.printed_quantity)
            * power(10, -figures.minor_units) / 2
            then 'wrong_quantity'
        when
            figures.expected_lines = 0
            or figures.kind = 'call'
            or coalesce(
                figures.printed_quantity, figures.printed_price,
                figures.expected_quantity, figures.expected_price
            ) is null
            or figures.printed_quantity is null
            or figures.expected_quantity is null
            then null
    end as reason
from figures
left join candidates as of_whole
    on
        figures.org_id = of_whole.org_id
        and figures.group_id = of_whole.group_id
        and of_whole.part = 'whole'
left join candidates as of_quantity
    on
        figures.org_id = of_quantity.org_id
        and figures.group_id = of_quantity.group_id
        and of_quantity.part = 'quantity'
left join candidates as of_rate
    on
        figures.org_id = of_rate.org_id
        and figures.group_id = of_rate.group_id
        and of_rate.part = 'rate'
left join renamed as renamed_to
    on
        figures.org_id = renamed_to.org_id
        and figures.group_id = renamed_to.unknown_group_id
anti join renamed as renamed_from
    on
        figures.org_id = renamed_from.org_id
        and figures.group_id = renamed_from.missing_group_id
where figures.variance_amount <> 0
