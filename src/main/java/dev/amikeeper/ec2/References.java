package dev.amikeeper.ec2;

import dev.amikeeper.image.ImageId;
import dev.amikeeper.retention.Usage;
import dev.amikeeper.retention.Usage.Answer;
import dev.amikeeper.retention.Usage.Finding;

import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.ImageReferenceOptionName;
import software.amazon.awssdk.services.ec2.model.ImageReferenceResourceType;
import software.amazon.awssdk.services.ec2.model.ResourceTypeOption;
import software.amazon.awssdk.services.ec2.model.ResourceTypeRequest;

import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What EC2 itself knows to name an image: instances, launch templates, parameters, recipes of Image
 * Builder. It overlaps with the other probes on purpose, and sees recipes, which they do not.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html">How
 *     AMI reference checks work</a>
 */
final class References {
    private static final String NAME = "references";
    private static final String PERMISSION = "ec2:DescribeImageReferences";
    private static final int IMAGES_A_CALL = 10;

    /** The most versions of a launch template that EC2 looks into; 10 unless asked. */
    static final String ALL_VERSIONS = "10000";

    private static final ResourceTypeRequest WHOLE_TEMPLATES =
            ResourceTypeRequest.builder()
                    .resourceType(ImageReferenceResourceType.EC2_LAUNCH_TEMPLATE)
                    .resourceTypeOptions(
                            ResourceTypeOption.builder()
                                    .optionName(ImageReferenceOptionName.VERSION_DEPTH)
                                    .optionValues(ALL_VERSIONS)
                                    .build())
                    .build();

    private References() {}

    static Usage.Probe of(Ec2Client client, Collection<ImageId> images, Instant at) {
        Map<ImageId, Finding> own = new HashMap<>();
        List<ImageId> distinct = images.stream().distinct().toList();
        Usage.Probe probe =
                Users.probe(
                        NAME,
                        at,
                        users -> {
                            users.calling(PERMISSION);
                            for (List<ImageId> ten : Batches.of(distinct, IMAGES_A_CALL)) {
                                look(client, ten, users, own, at);
                            }
                        });
        own.keySet().removeAll(probe.users().keySet());
        return new Usage.Probe(probe.name(), at, probe.users(), probe.unknown(), probe.asked(), own)
                .askedOnly(Set.copyOf(distinct));
    }

    /** One image that EC2 chokes on must not hide what it knows of the others. */
    private static void look(
            Ec2Client client,
            List<ImageId> ten,
            Users users,
            Map<ImageId, Finding> own,
            Instant at) {
        try {
            client.describeImageReferencesPaginator(request ->
                            request.imageIds(ten.stream().map(ImageId::value).toList())
                                    .includeAllResourceTypes(true)
                                    .resourceTypes(WHOLE_TEMPLATES))
                    .imageReferences()
                    .forEach(reference ->
                            users.add(
                                    reference.imageId(),
                                    reference.resourceTypeAsString() + " " + reference.arn()));
        } catch (SdkException error) {
            if (Fault.of(error).meetsEveryCall()) {
                throw error;
            }
            Answer unknown = new Answer.Unknown(List.of(Fault.text(error, PERMISSION)));
            ten.forEach(image -> own.put(image, new Finding(NAME, at, unknown)));
        }
    }
}
