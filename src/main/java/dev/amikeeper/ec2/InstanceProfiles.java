package dev.amikeeper.ec2;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.iam.model.NoSuchEntityException;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

/** The access to IAM, which is used only for instance profiles. */
public final class InstanceProfiles {
    private static final Logger log = LoggerFactory.getLogger(InstanceProfiles.class);

    private final Supplier<IamClient> iam;

    /**
     * The instance profiles of the account.
     *
     * @param iam called only if there is a profile to check
     */
    public InstanceProfiles(Supplier<IamClient> iam) {
        this.iam = iam;
    }

    /**
     * Returns those of these profiles that certainly do not exist or have no role. IAM lives in one
     * Region and may be unreachable in a disaster. A profile that it does not answer about does not
     * count as missing; EC2 will report a problem at the launch.
     *
     * @param profiles names or ARNs
     * @see <a
     *     href="https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetInstanceProfile.html">GetInstanceProfile</a>
     */
    public Set<String> missing(Collection<String> profiles) {
        Set<String> missing = new HashSet<>();
        for (String profile : Set.copyOf(profiles)) {
            try {
                if (!iam.get()
                        .getInstanceProfile(get -> get.instanceProfileName(name(profile)))
                        .instanceProfile()
                        .hasRoles()) {
                    missing.add(profile);
                }
            } catch (NoSuchEntityException gone) {
                missing.add(profile);
            } catch (SdkException unknown) {
                log.warn(
                        "instance profile {}: {}",
                        profile,
                        Fault.text(unknown, "iam:GetInstanceProfile"));
                return missing;
            }
        }
        return missing;
    }

    /** The name in an ARN, which may contain a path, as {@code instance-profile/web/front}. */
    private static String name(String profile) {
        return profile.substring(profile.lastIndexOf('/') + 1);
    }
}
