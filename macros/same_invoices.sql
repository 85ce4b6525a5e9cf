{#
    The vendor's invoices among the accepted lines of `lines`, with the number under which each is
    counted (`counted_number`). The same invoice by another way can have another number: then all
    its lines are of the same day, amount and product, and nothing else that both ways tell of a
    line differs (INV-12). An answer of the API has neither rates nor sections, and may round a
    quantity; so a way that tells rates goes first, then what was landed last.
#}
{% macro same_invoices(lines) -%}
    with invoices as (
        select
            org_id,
            invoice_number,
            sum(amount) as total_amount,
            list_sort(list({
                'invoice_date': invoice_date,
                'amount': amount,
                'charged_for': charged_for,
                -- Of equal amounts, in an order that what one way leaves out does not change.
                'whole_quantity': floor(quantity),
                'is_said_prepay':
                coalesce(concat_ws(' ', section, description) ilike '%prepa%', false),
                'quantity': quantity,
                'is_prepay': case
                    when concat_ws(' ', section, description) ilike '%prepa%' then true
                    when unit_price is not null then false
                end,
                'currency': currency
            })) as lines,
            row_number() over (
                partition by org_id
                order by count(unit_price) desc, max(landed_at) desc, invoice_number
            ) as preference
        from {{ lines }}
        where row_status = 'accepted'
        group by org_id, invoice_number
    )

    select
        invoices.org_id,
        invoices.invoice_number,
        arg_min(others.invoice_number, others.preference) as counted_number
    from invoices
    inner join invoices as others
        on
            invoices.org_id = others.org_id
            and invoices.total_amount = others.total_amount
            and len(invoices.lines) = len(others.lines)
            and list_bool_and(list_transform(
                list_zip(invoices.lines, others.lines),
                lambda pair: pair[1].invoice_date = pair[2].invoice_date
                and pair[1].amount = pair[2].amount
                and pair[1].charged_for = pair[2].charged_for
                and coalesce(abs(pair[1].quantity - pair[2].quantity) < 1, true)
                and coalesce(pair[1].is_prepay = pair[2].is_prepay, true)
                and coalesce(pair[1].currency = pair[2].currency, true)
            ))
    group by invoices.org_id, invoices.invoice_number
{%- endmacro %}
