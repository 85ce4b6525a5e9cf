-- The conversations of a disputed platform.
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
inner join dispute_scope as scope
    on
        conversations.cycle_start_date = scope.cycle_start_date
        and 'conversation_' || conversations.platform = scope.product_code
where conversations.org_id = $org_id
order by
    conversations.cycle_start_date, conversations.platform, conversations.conversation_key
