import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { nameOf, type Place } from './place.ts';

const SPEAKERS = ['cloudwatch.amazonaws.com', 'budgets.amazonaws.com'];

/**
 * Who subscribes to it is told of everything that somebody should be told of. A topic with a policy of its own, which TLS
 * takes, has lost the one that let the account's services speak: so these are named.
 */
export function alarmTopic(place: Place): Topic {
  const { scope, plan } = place;
  const topic = new Topic(scope, 'Alarms', { displayName: nameOf(place), enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: SPEAKERS.map((name) => new ServicePrincipal(name)),
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  const { alarmEmail } = plan.site.cloud;
  if (alarmEmail) topic.addSubscription(new EmailSubscription(alarmEmail));
  return topic;
}
