/** Findings of cdk-nag's AWS Solutions that stand: each at one resource, with its reason. What is not here fails `cdk synth`. */
import { type Stack, Validations } from 'aws-cdk-lib';

interface Acknowledgement {
  /** The construct, below the stack; W is the name of a workload. */
  readonly at: string;
  /** A rule, with the finding where a rule has several. MODELS and UPLOADS are the buckets' logical ids. */
  readonly finding: string;
  readonly reason: string;
}

const AWS_POLICY = 'IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy';
const INSTANCES = 'arn:<AWS::Partition>:ecs:REGION:<AWS::AccountId>:container-instance/*';

const ACKNOWLEDGED: readonly Acknowledgement[] = [
  {
    at: 'CRIA_KEYS/Resource',
    finding: 'SMG4',
    reason:
      'Clients hold these keys: a rotation on its own would lock them out. docs/deploy.md says how to change them.',
  },
  {
    at: 'Gateway/OriginSecret/Resource',
    finding: 'SMG4',
    reason:
      'CloudFront and the gateway have to change it together, which no rotation does: docs/cloud.md says how.',
  },
  {
    at: 'W/Task/Resource',
    finding: 'ECS2',
    reason: 'What is in plain variables are sizes, paths and names; secrets come from Secrets Manager.',
  },
  {
    at: 'W/Task/TaskRole/DefaultPolicy/Resource',
    finding: 'IAM5[Resource::<MODELS.Arn>/*]',
    reason: 'Weights, of which there are many files: read only.',
  },
  {
    at: 'W/Task/TaskRole/DefaultPolicy/Resource',
    finding: 'IAM5[Resource::<UPLOADS.Arn>/*]',
    reason: 'The gateway signs addresses for images, whose names are new each time; they expire in a day.',
  },
  {
    at: 'Gateway/Function/ServiceRole/DefaultPolicy/Resource',
    finding: 'IAM5[Resource::<UPLOADS.Arn>/*]',
    reason: 'The gateway signs addresses for images, whose names are new each time; they expire in a day.',
  },
  {
    at: 'W/Task/ExecutionRole/DefaultPolicy/Resource',
    finding: 'IAM5[Resource::*]',
    reason: "Signs in to the registry of CDK's images, an action that takes no resource.",
  },
  {
    at: 'W/Cards/CardsRole/Resource',
    finding: `${AWS_POLICY}/AmazonECSInfrastructureRolePolicyForManagedInstances]`,
    reason:
      "ECS's own policy for bringing and taking away its managed instances; AWS keeps it up to date with ECS.",
  },
  {
    at: 'W/Cards/InstanceRole/Resource',
    finding: 'IAM5[Resource::*]',
    reason: "An instance registers itself with ECS, by actions that take no resource. CDK's own role.",
  },
  {
    at: 'W/Cards/InstanceRole/Resource',
    finding: `IAM5[Resource::${INSTANCES}]`,
    reason: 'An instance does not know its own id before it runs; bound to this cluster by a condition.',
  },
  {
    at: 'Gateway/Egress/OperatorRole/Resource',
    finding: `${AWS_POLICY}/AWSLambdaNetworkConnectorOperatorPolicy]`,
    reason:
      "Lambda's own policy for the connector's network interfaces: the connector does not work without it.",
  },
  {
    at: 'Gateway/Function/ServiceRole/Resource',
    finding: `${AWS_POLICY}/service-role/AWSLambdaBasicExecutionRole]`,
    reason: 'Writes logs, and nothing else.',
  },
  {
    at: 'Gateway/Function/ServiceRole/Resource',
    finding: `${AWS_POLICY}/service-role/AWSLambdaVPCAccessExecutionRole]`,
    reason: "Makes the function's network interfaces, by actions that take no resource.",
  },
  {
    at: 'AWSCDKWebFunctionAssetBucket/Resource',
    finding: 'S1',
    reason:
      "The gateway's code, which only Lambda reads: CDK makes this bucket and takes no log bucket for it.",
  },
  {
    at: 'COPY/ServiceRole/Resource',
    finding: `${AWS_POLICY}/service-role/AWSLambdaBasicExecutionRole]`,
    reason: "CDK's function that copies the gateway's code while a deployment runs: it writes logs.",
  },
  {
    at: 'COPY/ServiceRole/DefaultPolicy/Resource',
    finding: 'IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-REGION/*]',
    reason: "CDK's function that copies the gateway's code: it reads CDK's own bucket of assets.",
  },
  ...[
    'Action::s3:Abort*',
    'Action::s3:DeleteObject*',
    'Resource::<AWSCDKWebFunctionAssetBucket5B596593.Arn>/web-function/*',
  ].map((what) => ({
    at: 'COPY/ServiceRole/DefaultPolicy/Resource',
    finding: `IAM5[${what}]`,
    reason:
      "CDK's function that copies the gateway's code: only below web-function/ of the bucket for that code.",
  })),
  {
    at: 'Distribution/Resource',
    finding: 'CFR1',
    reason: "Who may use a site, and from where, is its owner's to say, and the licences' of its models.",
  },
  {
    at: 'Distribution/Resource',
    finding: 'CFR4',
    reason:
      "CloudFront's own name has CloudFront's own certificate; with cloud.certificate it is TLS 1.2 and later.",
  },
  {
    at: 'FineTuning/Role/DefaultPolicy/Resource',
    finding: 'IAM5[Resource::<MODELS.Arn>/*]',
    reason: 'A job reads weights, of which there are many files.',
  },
  {
    at: 'FineTuning/Role/DefaultPolicy/Resource',
    finding: 'IAM5[Resource::<MODELS.Arn>/tuned/*]',
    reason: 'A job writes what it has made, below tuned/ only.',
  },
  {
    at: 'FineTuning/Machines/InstanceProfileRole/Resource',
    finding: `${AWS_POLICY}/service-role/AmazonEC2ContainerServiceforEC2Role]`,
    reason: "ECS's own policy for machines of a compute environment.",
  },
];

export interface Names {
  readonly workloads: readonly string[];
  readonly models: string; // logical id
  readonly uploads: string;
  readonly region: string;
}

/** Puts each where it belongs. A place that this site does not have is left out. */
export function acknowledge(stack: Stack, { workloads, models, uploads, region }: Names): void {
  const copy = stack.node.children.find(({ node }) => node.id.startsWith('Custom::S3ObjectCopy'))?.node.id;
  for (const { at, finding, reason } of ACKNOWLEDGED) {
    const paths = at.startsWith('W/')
      ? workloads.map((name) => name + at.slice(1))
      : [at.replace(/^COPY/, copy ?? '')];
    const id = finding.replace('MODELS', models).replace('UPLOADS', uploads).replace('REGION', region);
    for (const path of paths) {
      const construct = path
        .split('/')
        .reduce((all, name) => all?.node.tryFindChild(name) as Stack | undefined, stack as Stack | undefined);
      if (construct)
        Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${id}`, reason });
    }
  }
}
