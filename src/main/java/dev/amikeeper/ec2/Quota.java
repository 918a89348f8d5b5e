package dev.amikeeper.ec2;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A quota of the account, named as in Service Quotas. It is looked up by the code with which EC2
 * refuses.
 *
 * @param launches whether it limits launches; otherwise it limits images
 * @see <a href="https://docs.aws.amazon.com/general/latest/gr/ec2-service.html">EC2 quotas</a>
 * @see <a href="https://docs.aws.amazon.com/general/latest/gr/ebs-service.html">EBS quotas</a>
 * @see <a href="https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html">VPC
 *     quotas</a>
 */
record Quota(String service, String name, boolean launches) {
    private static final Map<String, Quota> BY_CODE =
            Map.ofEntries(
                    Map.entry(
                            "VcpuLimitExceeded",
                            Quota.ofLaunches(
                                    "Amazon EC2",
                                    "Running On-Demand instances (vCPUs) of the instance's"
                                            + " family")),
                    Map.entry(
                            "InstanceLimitExceeded",
                            Quota.ofLaunches(
                                    "Amazon EC2", "Running On-Demand instances of its type")),
                    Map.entry(
                            "MaxSpotInstanceCountExceeded",
                            Quota.ofLaunches("Amazon EC2", "Spot Instance Requests of its family")),
                    Map.entry(
                            "AddressLimitExceeded",
                            Quota.ofLaunches("Amazon EC2", "EC2-VPC Elastic IPs")),
                    Map.entry(
                            "VolumeLimitExceeded",
                            Quota.ofLaunches(
                                    "Amazon EBS", "Storage of volumes of this type, in TiB")),
                    Map.entry(
                            "MaxIOPSLimitExceeded",
                            Quota.ofLaunches("Amazon EBS", "IOPS of volumes of this type")),
                    Map.entry(
                            "NetworkInterfaceLimitExceeded",
                            Quota.ofLaunches("Amazon VPC", "Network interfaces per Region")),
                    Map.entry(
                            "SecurityGroupLimitExceeded",
                            Quota.ofLaunches(
                                    "Amazon VPC", "Security groups per network interface")),
                    Map.entry(
                            "SecurityGroupsPerInstanceLimitExceeded",
                            Quota.ofLaunches(
                                    "Amazon VPC", "Security groups per network interface")),
                    Map.entry(
                            "SecurityGroupsPerInterfaceLimitExceeded",
                            Quota.ofLaunches(
                                    "Amazon VPC", "Security groups per network interface")),
                    Map.entry(
                            "SnapshotLimitExceeded",
                            Quota.ofImages("Amazon EBS", "Snapshots per Region")),
                    Map.entry("ImageLimitExceeded", Quota.ofImages("Amazon EC2", "AMIs")),
                    Map.entry("AMIQuotaExceeded", Quota.ofImages("Amazon EC2", "AMIs")));

    private static Quota ofLaunches(String service, String name) {
        return new Quota(service, name, true);
    }

    private static Quota ofImages(String service, String name) {
        return new Quota(service, name, false);
    }

    /** Returns the quota for this code. */
    static Optional<Quota> of(String code) {
        return Optional.ofNullable(BY_CODE.get(code));
    }

    /** All these codes. */
    static Set<String> codes() {
        return BY_CODE.keySet();
    }

    /**
     * Whether this quota limits calls that need this permission, so that a successful call shows
     * that there is room again.
     */
    boolean refuses(String permission) {
        return launches == permission.equals("ec2:RunInstances");
    }
}
