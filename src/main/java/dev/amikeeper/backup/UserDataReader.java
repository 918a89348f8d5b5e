package dev.amikeeper.backup;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.image.Capsule;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.Sha256;
import dev.amikeeper.policy.Policy;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import software.amazon.awssdk.core.exception.SdkException;

import java.util.Base64;
import java.util.Optional;

/**
 * Reads the user data of servers, each only once while it runs. User data can be changed only while
 * the instance is stopped, and EC2's launch time changes with each start. So as long as an instance
 * runs and has the same launch time as when its user data was last read, that is still the same.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html">Work
 *     with instance user data</a>, and <a
 *     href="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html">the launch
 *     time</a>
 */
final class UserDataReader {
    private static final Logger log = LoggerFactory.getLogger(UserDataReader.class);

    private final Catalog catalog;
    private final Instances servers;

    UserDataReader(Catalog catalog, Instances servers) {
        this.catalog = catalog;
        this.servers = servers;
    }

    /** Returns an instance's capsule with as much of its user data as the policy wants. */
    Optional<Capsule> capsule(Image intent, Instance instance, Policy.UserData wanted) {
        return switch (wanted) {
            case NONE -> instance.capsule();
            case HASH, KEEP -> instance.capsule().map(it -> with(it, intent, instance, wanted));
        };
    }

    private Capsule with(Capsule capsule, Image intent, Instance instance, Policy.UserData wanted) {
        boolean keep = wanted == Policy.UserData.KEEP;
        Optional<Capsule.Script> known =
                instance.runningSince().isPresent()
                        ? catalog.before(intent.region(), intent.name())
                                .flatMap(Image::capsule)
                                .map(Capsule::script)
                                .filter(it -> it.runningSince().equals(instance.runningSince()))
                                .filter(it ->
                                        !keep || it.hash().isEmpty() || it.base64().isPresent())
                        : Optional.empty();
        if (known.isPresent()) {
            return capsule.withScript(
                    new Capsule.Script(
                            known.get().hash(),
                            known.get().base64().filter(_ -> keep),
                            instance.runningSince()));
        }
        try {
            Optional<String> read = servers.userData(instance.region(), instance.id());
            return capsule.withScript(
                    new Capsule.Script(
                            read.map(UserDataReader::hash),
                            read.filter(_ -> keep),
                            instance.runningSince()));
        } catch (SdkException error) {
            // An image without its instance's user data is far better than none.
            log.warn(
                    "{} is imaged without its user data: {}",
                    instance.id(),
                    Fault.text(error, "ec2:DescribeInstanceAttribute"));
            return capsule;
        }
    }

    /** The hash of the user data itself, so that a person can compare it with {@code sha256sum}. */
    private static String hash(String base64) {
        return Sha256.of(Base64.getMimeDecoder().decode(base64));
    }
}
