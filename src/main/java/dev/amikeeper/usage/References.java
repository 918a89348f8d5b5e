package dev.amikeeper.usage;

import dev.amikeeper.ec2.Batches;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.ec2.Pace;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.Region;
import dev.amikeeper.usage.Usage.Answer;
import dev.amikeeper.usage.Usage.Finding;

import software.amazon.awssdk.services.ec2.Ec2Client;
import software.amazon.awssdk.services.ec2.model.ImageReference;
import software.amazon.awssdk.services.ec2.model.ImageReferenceOptionName;
import software.amazon.awssdk.services.ec2.model.ImageReferenceResourceType;
import software.amazon.awssdk.services.ec2.model.ResourceTypeOption;
import software.amazon.awssdk.services.ec2.model.ResourceTypeRequest;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Asks EC2 itself what names an image: instances, launch templates, parameters, Image Builder
 * recipes. This overlaps with the other probes on purpose, and it sees recipes, which they do not.
 *
 * @see <a href="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-ami-references.html">How
 *     AMI reference checks work</a>
 */
final class References {
    private static final String NAME = "references";
    private static final String PERMISSION = "ec2:DescribeImageReferences";
    private static final int IMAGES_A_CALL = 10;

    /**
     * The most versions of a launch template that EC2 can be asked to check; by default it checks
     * 10.
     */
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

    /**
     * Makes several calls at a time, as long as there is time. Images that it does not get to count
     * as not asked about.
     */
    static Usage.Report of(
            ImageReads images,
            Region region,
            Collection<ImageId> candidates,
            Instant at,
            BooleanSupplier moreTime) {
        Map<ImageId, Finding> own = new ConcurrentHashMap<>();
        Set<ImageId> asked = ConcurrentHashMap.newKeySet();
        List<ImageId> distinct = candidates.stream().distinct().toList();
        Usage.Report probe =
                Users.report(
                        NAME,
                        at,
                        users -> {
                            users.calling(PERMISSION);
                            images.sideBySide(
                                    Batches.of(distinct, IMAGES_A_CALL),
                                    moreTime,
                                    ten -> {
                                        asked.addAll(ten);
                                        look(images, region, ten, users, own, at);
                                    });
                        });
        own.keySet().removeAll(probe.users().keySet());
        return new Usage.Report(
                        probe.name(), at, probe.users(), probe.unknown(), probe.asked(), own)
                .askedOnly(probe.unknown().isPresent() ? Set.copyOf(distinct) : Set.copyOf(asked));
    }

    /**
     * Asks about ten images. If EC2 fails because of one of them, its answers about the others
     * still count.
     */
    private static void look(
            ImageReads images,
            Region region,
            List<ImageId> ten,
            Users users,
            Map<ImageId, Finding> own,
            Instant at) {
        Batches.ask(
                ten,
                IMAGES_A_CALL,
                some ->
                        images.read(
                                        region,
                                        Pace.Call.DESCRIBE_IMAGE_REFERENCES,
                                        client -> references(client, some))
                                .forEach(reference ->
                                        users.add(
                                                reference.imageId(),
                                                reference.resourceTypeAsString()
                                                        + " "
                                                        + reference.arn())),
                (image, error) -> {
                    Answer unknown = new Answer.Unknown(List.of(Fault.text(error, PERMISSION)));
                    own.put(image, new Finding(NAME, at, unknown));
                });
    }

    private static List<ImageReference> references(Ec2Client client, List<ImageId> images) {
        return client
                .describeImageReferencesPaginator(request ->
                        request.imageIds(images.stream().map(ImageId::value).toList())
                                .includeAllResourceTypes(true)
                                .resourceTypes(WHOLE_TEMPLATES))
                .imageReferences()
                .stream()
                .toList();
    }
}
