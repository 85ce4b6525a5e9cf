-- The conversations of a disputed platform.
with

answered as (

    select unnest(string_split(expected_invoice_ids, ', ')) as invoice_id
    from marts.vendor_invoices
    where org_id = $org_id and invoice_number = $invoice_number

),

cycles as (

    select distinct invoice_lines.service_period_start as cycle_start_date
    from marts.invoice_lines
    inner join answered using (invoice_id)
    where invoice_lines.org_id = $org_id

),

claimed as (

    select unnest(difference_ids) as difference_id
    from marts.disputes
    where org_id = $org_id and invoice_number = $invoice_number

),

disputed as (

    select distinct invoice_differences.product_code
    from marts.invoice_differences
    inner join claimed using (difference_id)
    where invoice_differences.org_id = $org_id

)

select
    conversations.cycle_start_date,
    conversations.platform,
    conversations.conversation_key,
    conversations.integration_id,
    conversations.customer_account_key,
    conversations.interactions_count,
    conversations.first_interaction_at,
    conversations.last_interaction_at,
    conversations.is_carried_over
from marts.conversations
inner join cycles using (cycle_start_date)
inner join disputed
    on 'conversation_' || conversations.platform = disputed.product_code
where conversations.org_id = $org_id
order by
    conversations.cycle_start_date, conversations.platform, conversations.conversation_key
