import { PlanError } from '../errors.ts';

/**
 * AWS's own list of the addresses that CloudFront asks origins from, `com.amazonaws.global.cloudfront.origin-facing`: another
 * id in each region, and CloudFormation cannot look it up.
 *
 * Source   AWS Networking & Content Delivery Blog, "Limit access to your origins using the AWS-managed prefix list for Amazon
 *          CloudFront", 2022; `aws ec2 describe-managed-prefix-lists` says the same
 */
const PREFIX_LISTS: Readonly<Record<string, string>> = {
  'ap-northeast-1': 'pl-58a04531',
  'ap-northeast-2': 'pl-22a6434b',
  'ap-south-1': 'pl-9aa247f3',
  'ap-southeast-1': 'pl-31a34658',
  'ap-southeast-2': 'pl-b8a742d1',
  'ca-central-1': 'pl-38a64351',
  'eu-central-1': 'pl-a3a144ca',
  'eu-north-1': 'pl-fab65393',
  'eu-west-1': 'pl-4fa04526',
  'eu-west-2': 'pl-93a247fa',
  'eu-west-3': 'pl-75b1541c',
  'sa-east-1': 'pl-5da64334',
  'us-east-1': 'pl-3b927c52',
  'us-east-2': 'pl-b6a144df',
  'us-west-1': 'pl-4ea04527',
  'us-west-2': 'pl-82a045eb',
};

/** Throws PlanError where it is not known. */
export function cloudFrontAddresses(region: string): string {
  const id = PREFIX_LISTS[region];
  if (id === undefined)
    throw new PlanError([
      `cloud.frontDoor: CloudFront's list of addresses in ${region} is not known here: write web-function or function-url, or another region`,
    ]);
  return id;
}
