import type { Json } from '../json.ts';

export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
export const ZONES = ['a', 'b', 'c'].map((letter) => `${REGION}${letter}`);

/** What CloudFormation itself knows. */
export const pseudoParameters = (stackName: string, stackId: string): Readonly<Record<string, Json>> => ({
  'AWS::AccountId': ACCOUNT,
  'AWS::NoValue': undefined,
  'AWS::NotificationARNs': [],
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::StackId': stackId,
  'AWS::StackName': stackName,
  'AWS::URLSuffix': 'amazonaws.com',
});
