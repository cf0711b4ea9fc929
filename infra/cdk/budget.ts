import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { type Place, SITE_TAG } from './place.ts';

/** What is told, in percent of the budget: what was spent, and what a month comes to if it goes on like this. */
const TOLD = [
  { notificationType: 'ACTUAL', threshold: 80 },
  { notificationType: 'FORECASTED', threshold: 100 },
];

/**
 * AWS's own eye on what the plan has only estimated: everything that bears the site's tag, of all its stages. It counts from
 * when the tag is activated for billing, which no template can do.
 */
export function budget({ scope, plan }: Place, topic: ITopic): void {
  const { site } = plan;
  if (site.budget === undefined) return;
  const made = new CfnBudget(scope, 'Budget', {
    // Without a name: what changes of its notifications takes a new one, and two could not have the same.
    budget: {
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      budgetLimit: { amount: site.budget.monthly, unit: 'USD' },
      costFilters: { TagKeyValue: [`user:${SITE_TAG}$${site.name}`] },
    },
    notificationsWithSubscribers: TOLD.map((one) => ({
      notification: { ...one, comparisonOperator: 'GREATER_THAN', thresholdType: 'PERCENTAGE' },
      subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
    })),
  });
  made.node.addDependency(topic); // with its policy: else it may not speak yet
}
