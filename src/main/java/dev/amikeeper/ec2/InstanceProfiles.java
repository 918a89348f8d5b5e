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

/** The door to IAM, which is asked for nothing but instance profiles. */
public final class InstanceProfiles {
    private static final Logger log = LoggerFactory.getLogger(InstanceProfiles.class);

    private final Supplier<IamClient> iam;

    /**
     * The instance profiles of the account.
     *
     * @param iam asked only if there is a profile to look at
     */
    public InstanceProfiles(Supplier<IamClient> iam) {
        this.iam = iam;
    }

    /**
     * Those of these profiles that certainly do not exist, or have no role to give. IAM lives in
     * one Region and may be out of reach in a disaster: what it does not tell is not missing, and
     * EC2 says so at the launch.
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

    /** The name in an ARN, which may hold a path, as {@code instance-profile/web/front}. */
    private static String name(String profile) {
        return profile.substring(profile.lastIndexOf('/') + 1);
    }
}
