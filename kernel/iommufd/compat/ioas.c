// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which IOAS serves the VFIO container of a context: what user space (an
 * ioctl) and vfio.ko (exports) say about it.
 *
 * A context has none, or one, or is a no-iommu container, where nothing can be
 * mapped. Naming an IOAS does not keep it: destroyed, it is none again.
 */
#include <linux/iommufd.h>
#include <linux/module.h>
#include <uapi/linux/iommufd.h>

#include "compat/compat.h"
#include "space/space.h"
#include "ucmd.h"

/**
 * compat_ioas_get() - the IOAS that serves the VFIO container
 * @ctx: the context
 *
 * Return: the IOAS with a busy reference, for compat_ioas_put();
 * ERR_PTR(-ENODEV) if there is none.
 */
struct ioas *compat_ioas_get(struct iommufd_ctx *ctx)
{
	struct object *obj = ctx_get_compat(ctx);

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct ioas, obj);
}

/**
 * compat_ioas_put() - give it back
 * @ioas: from compat_ioas_get()
 */
void compat_ioas_put(struct ioas *ioas)
{
	object_put(ioas->ctx, &ioas->obj);
}

/**
 * iommufd_vfio_compat_ioas_get_id() - which IOAS serves the VFIO container
 * @ictx: the context
 * @out_ioas_id: set to the IOAS's id
 *
 * What a device of a group that joined the container is attached to.
 * Return: 0, or -ENODEV if there is none.
 */
int iommufd_vfio_compat_ioas_get_id(struct iommufd_ctx *ictx, u32 *out_ioas_id)
{
	struct ioas *ioas = compat_ioas_get(ictx);

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	*out_ioas_id = ioas->obj.id;
	compat_ioas_put(ioas);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_get_id, IOMMUFD_VFIO);

/**
 * iommufd_vfio_compat_ioas_create() - make sure that there is a compat IOAS
 * @ictx: the context
 *
 * A group joins the container: there is one already, or an empty one is made,
 * which lives as long as any other IOAS. May sleep.
 * Return: 0; -EINVAL: it is a no-iommu container; -ENOMEM; -EBUSY: no id left.
 */
int iommufd_vfio_compat_ioas_create(struct iommufd_ctx *ictx)
{
	struct ioas *ioas = compat_ioas_get(ictx);
	int rc;

	if (!IS_ERR(ioas)) {
		compat_ioas_put(ioas);
		return 0;
	}
	ioas = ioas_create(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ctx_set_compat(ictx, &ioas->obj, false);
	if (rc) {
		ioas->obj.destroy(ictx, &ioas->obj);
		object_abort(ictx, &ioas->obj);
		/* Somebody else was faster: fine. */
		return rc == -EEXIST ? 0 : rc;
	}
	object_publish(ictx, &ioas->obj);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_create, IOMMUFD_VFIO);

/**
 * iommufd_vfio_compat_set_no_iommu() - become a no-iommu container
 * @ictx: the context
 *
 * A group without an IOMMU joins the container: from here on it can have no
 * compat IOAS.
 * Return: 0, or -EINVAL if it has one.
 */
int iommufd_vfio_compat_set_no_iommu(struct iommufd_ctx *ictx)
{
	return ctx_set_no_iommu(ictx);
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_set_no_iommu, IOMMUFD_VFIO);

static int set_ioas(struct iommufd_ctx *ctx, u32 id)
{
	struct ioas *ioas = ioas_get(ctx, id);
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ctx_set_compat(ctx, &ioas->obj, true);
	object_put(ctx, &ioas->obj);
	return rc;
}

/**
 * cmd_vfio_ioas() - IOMMU_VFIO_IOAS
 * @ucmd: the ioctl
 *
 * Return: 0; -EOPNOTSUPP an unknown operation; GET: -ENODEV there is none,
 * -EFAULT; SET: -ENOENT no such IOAS, -EINVAL it is a no-iommu container.
 */
int cmd_vfio_ioas(struct ucmd *ucmd)
{
	struct iommu_vfio_ioas *cmd = ucmd->cmd;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	switch (cmd->op) {
	case IOMMU_VFIO_IOAS_GET:
		rc = iommufd_vfio_compat_ioas_get_id(ucmd->ctx,
						     &cmd->ioas_id);
		return rc ?: ucmd_respond(ucmd);
	case IOMMU_VFIO_IOAS_SET:
		return set_ioas(ucmd->ctx, cmd->ioas_id);
	case IOMMU_VFIO_IOAS_CLEAR:
		ctx_clear_compat(ucmd->ctx);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}
